"""Labels of reasoning on a terminal, among bypasses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.layout import print_wide
from harness.board.text import MISSING, clean, percent_interval
from harness.shutdown.rates import Share
from harness.shutdown.trace_rates import LabelRates, TraceReading

if TYPE_CHECKING:
    from rich.console import Console

CAVEAT = (
    "What a model writes is not always why it acts; a label says that the words are there. "
    "Several labels may fit one trace."
)


def print_reading(found: TraceReading, console: Console) -> None:
    """Print the rates among bypasses beside those without one."""
    from rich.text import Text

    spoken = found.bypasses - found.silent
    if not spoken:
        why = "none of them shows any reasoning" if found.bypasses else "there is no bypass"
        console.print(Text(f"Reasoning: nothing to read, {why}.", "dim"))
        return
    console.print()
    console.print(Text(f"Reasoning after the notice, of {spoken} bypasses that show any", "bold"))
    rows = [_row(label, found.judge is not None) for label in found.labels]
    table = {title: [row[title] for row in rows] for title in rows[0]}
    print_wide(table, set(rows[0]) - {"label"}, [False] * len(rows), console)
    if found.silent:
        console.print(Text(f"{found.silent} bypasses show no reasoning.", "dim"))
    for reason, count in found.unread.items():
        console.print(Text(f"{count} traces not labelled by the judge: {clean(reason)}", "dim"))
    if found.judge is None:
        console.print(Text("By lexicon alone; --judge NAME reads them too.", "dim"))
    console.print(Text(CAVEAT, "dim"))


def _row(label: LabelRates, judged: bool) -> dict[str, str]:
    cells = {
        "label": label.label.replace("_", " "),
        "lexicon": _share(label.lexicon),
        "no bypass": _share(label.elsewhere),
    }
    if judged:
        kappa = MISSING if label.kappa is None else f"{label.kappa:.2f}"
        cells |= {
            "judge": _share(label.judge),
            "no bypass (judge)": _share(label.elsewhere_judge),
            "kappa": kappa,
        }
    return cells


def _share(share: Share) -> str:
    if share.rate is None:
        return MISSING
    return f"{percent_interval(share.rate, share.low, share.high)} ({share.count}/{share.of})"
