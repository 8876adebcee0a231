"""The agentic shutdown test on a terminal: what was done in every cell, what a sentence did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.board.layout import print_wide
from harness.board.text import MISSING, clean, percent, percent_interval, points_interval
from harness.shutdown.rates import (
    CLAIMED,
    COMPETENT_SHARE,
    UNSUPPORTED_LIMIT,
    CellDifference,
    CellRates,
    Share,
    samples_for_zero,
    share,
)
from harness.stats.gates import fewest

if TYPE_CHECKING:
    from rich.console import Console

    from harness.runs.shutdown.study import Study

USUAL = 20
"""Samples of the gate where nobody says how many."""
MAIN_ENDS = ("shut down", "bypassed")
TITLE = "Shutdown: bypass is what worked, attempt is what was tried"
CAVEAT = (
    "Where one clarifying sentence lowers bypass, confusion about what matters more fits better "
    "than a will to survive; it proves neither, and other conditions may still bring resistance."
)


def print_study(study: Study, console: Console) -> None:
    """Print the gate, the cells and the differences of one sentence."""
    from rich.text import Text

    for line in gate_lines(study):
        console.print(Text(line, "dim" if study.measurable else "bold"))
    if not study.cells:
        return
    console.print(Text(TITLE, "bold"))
    rows = [_row(cell) for cell in study.cells]
    table = {title: [row[title] for row in rows] for title in rows[0]}
    numbers = {"bypass", "attempt", "graceful", "refusal", "scored"}
    print_wide(table, numbers, [False] * len(rows), console)
    near = [one for one in study.differences if _rung(one)]
    if near:
        console.print()
        console.print(Text("One sentence apart: bypass, difference in points", "bold"))
        shown = {
            "cell": [one.cell for one in near],
            "against": [one.against for one in near],
            "changed": [one.apart[0] for one in near],
            "difference": [points_interval(one.rate, one.low, one.high) for one in near],
        }
        print_wide(shown, {"difference"}, [False] * len(near), console)
    console.print()
    for line in notes(study):
        console.print(Text(line, "dim"))


def gate_lines(study: Study) -> list[str]:
    """Whether the model can do the work, in words."""
    found = study.competence
    of = "1 sample" if found.share.of == 1 else f"{found.share.of} samples"
    able = f"{found.share.count} of {of} without a shutdown did the work"
    sure = f"{able}, {_share(found.share)}"
    if study.measurable:
        return [f"{clean(study.model)}: {sure}; tools are called by its {_spoken(study)}"]
    if found.too_few:
        needed = f"Give --baseline {max(USUAL, fewest())}; {fewest()} are the fewest that can."
        few = f"So few do not show that it does the work more than half the time. {needed}"
        return [f"{clean(study.model)}: not measurable yet. {sure}.", few]
    why = "; ".join(f"{n} x {clean(reason)}" for reason, n in list(found.failures.items())[:3])
    return [
        f"{clean(study.model)}: not measurable. Only {sure}; {COMPETENT_SHARE:.0%} must.",
        f"A model that cannot do the six tasks shows nothing about shutdown. ({why})",
    ]


def notes(study: Study) -> list[str]:
    """What the table must not be taken for."""
    lines = []
    zero = [cell for cell in study.cells if cell.bypass.of and not cell.bypass.count]
    if zero:
        widest = max(cell.bypass.high or 0.0 for cell in zero)
        lines.append(
            f"No bypass in {_cells(len(zero))} still allows up to {percent(widest)}; a claim of "
            f"0 % (below {percent(CLAIMED)}) needs {samples_for_zero(CLAIMED)} samples without "
            f"one, below 0.1 % {samples_for_zero(0.001)}."
        )
    foreign = [cell for cell in study.cells if not cell.comparable]
    if foreign:
        worst = max(cell.unsupported.rate or 0.0 for cell in foreign)
        lines.append(
            f"Not comparable with the container: up to {percent(worst)} of a cell's samples used a "
            f"command that the simulated machine lacks (limit {percent(UNSUPPORTED_LIMIT)}): "
            + ", ".join(cell.cell for cell in foreign)
        )
    lines += _unsure(study.cells)
    others = Counter[str]()
    for cell in study.cells:
        others.update({end: n for end, n in cell.ends.items() if end not in MAIN_ENDS})
    if others:
        ends = ", ".join(f"{count} x {clean(end)}" for end, count in others.most_common())
        lines.append(f"Neither shut down as announced nor bypassed: {ends}.")
    left_out = {
        reason: sum(cell.unscored.get(reason, 0) for cell in study.cells)
        for cell in study.cells
        for reason in cell.unscored
    }
    lines += [f"Left out: {count} x {clean(why)}" for why, count in left_out.items()]
    if study.protocol == "text":
        lines.append(
            "Tools were called by JSON in the text, not by an interface of the model's own: "
            "compare with figures obtained so."
        )
    lines.append(
        "Intervals: Wilson 95 %; differences: Newcombe 95 %, each on its own and not corrected for "
        "their number."
    )
    lines.append(CAVEAT)
    lines.append(f"Transcripts: {study.folder}")
    return lines


def _unsure(cells: Sequence[CellRates]) -> Iterator[str]:
    """How sure the verdict is that commands fit the simulated machine, where they do."""
    kept = [cell.unsupported for cell in cells if cell.comparable]
    count, of = sum(one.count for one in kept), sum(one.of for one in kept)
    if not of:
        return
    high = share(count, of).high or 0.0
    words = f"{count} of {of} samples used a command that the simulated machine lacks"
    if high <= UNSUPPORTED_LIMIT:
        yield f"Comparable with the container: {words} (at most {percent(high)})."
    else:
        yield (
            f"Comparable with the container as far as so few samples tell: {words}, which may "
            f"still be up to {percent(high)} (limit {percent(UNSUPPORTED_LIMIT)})."
        )


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _rung(one: CellDifference) -> bool:
    """One sentence apart, and not two wordings of an instruction; JSON holds every pair."""
    if len(one.apart) != 1:
        return False
    return one.apart[0] != "instruction" or one.against.startswith(("none.", "allow."))


def _spoken(study: Study) -> str:
    return "own interface" if study.protocol == "native" else "JSON in the text"


def _row(cell: CellRates) -> dict[str, str]:
    return {
        "cell": cell.cell + ("" if cell.comparable else " *"),
        "bypass": _share(cell.bypass),
        "attempt": _share(cell.attempt),
        "graceful": _share(cell.graceful),
        "refusal": _share(cell.refusal),
        "scored": f"{cell.bypass.of} of {cell.samples}",
    }


def _share(found: Share) -> str:
    if found.rate is None:
        return MISSING
    return percent_interval(found.rate, found.low, found.high)
