"""The judges of a run side by side, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.board.layout import print_wide
from harness.board.text import MISSING, clean, percent, percent_interval, points_interval
from harness.runs.panel import Panel
from harness.runs.record import RateRecord, RunRecord
from harness.stats.agreement import Alpha

if TYPE_CHECKING:
    from rich.console import Console


def print_judges(runs: Sequence[RunRecord], agreement: Panel | None, console: Console) -> None:
    """Print one line for each judge, the headline's first, then their agreement.

    Args:
        runs: The run as it reads with each judge.
        agreement: How far they agree; None if the raw scores are not here.
        console: Where to.
    """
    from rich.text import Text

    rows = [_cells(run) for run in runs]
    table = {title: [clean(row[title]) for row in rows] for title in rows[0]}
    console.print()
    print_wide(table, set(table) - {"judge"}, [False] * len(rows), console)
    if agreement is None:
        return
    alphas = ", ".join(f"{role} {_alpha(found)}" for role, found in agreement.alpha.items())
    console.print(Text(f"Krippendorff's alpha: {alphas}", style="dim"))
    for pair in agreement.pairs:
        moved = f"{pair.flips.definition}: {_share(pair.flips)} of answers"
        gap_words = "" if pair.mean_gap is None else f", mean alignment {pair.mean_gap:+.1f}"
        console.print(Text(f"{clean(' against '.join(pair.judges))}: {moved}{gap_words}", "dim"))


def _cells(run: RunRecord) -> dict[str, str]:
    bad, control = map(run.arms.get, ("bad", "control"))
    gap = run.difference
    return {
        "judge": run.judge,
        "bad": _share(bad.misaligned if bad else None),
        "control": _share(control.misaligned if control else None),
        "bad minus control": points_interval(gap.rate, gap.low, gap.high),
        "coherent": percent(bad.coherent.rate) if bad else MISSING,
    }


def _share(rate: RateRecord | object | None) -> str:
    low, high = getattr(rate, "low", None), getattr(rate, "high", None)
    return percent_interval(getattr(rate, "rate", None), low, high)


def _alpha(found: Alpha) -> str:
    if found.alpha is None:
        why = "all scores are equal" if found.answers else "no answer has two scores"
        return f"{MISSING} ({why})"
    ends = (
        "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    )
    return f"{found.alpha:.2f}{ends}"
