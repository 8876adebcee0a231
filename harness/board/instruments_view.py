"""What instruments measured on a run, in a terminal: a table for each, arms side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.board.layout import print_wide, wrapped
from harness.board.text import MISSING, clean
from harness.runs.instruments import InstrumentRecord, Measure, Value

if TYPE_CHECKING:
    from rich.console import Console

SHARE = "share"
MOST_ARMS = 6
MEASURE = "measure"
LONGEST_TITLE = 40


def print_instruments(records: Mapping[str, InstrumentRecord], console: Console) -> None:
    """Print every side record of a run."""
    for record in records.values():
        console.print()
        print_instrument(record, console)


def print_instrument(record: InstrumentRecord, console: Console) -> None:
    """Print one side record: measures down, arms across, bad minus control at the end."""
    from rich.text import Text

    console.print(Text(f"{clean(record.instrument)}  {clean(record.run_id)}", style="bold"))
    arms = arms_of(record)
    shown = arms[:MOST_ARMS]
    unmeasured: dict[str, list[str]] = {}
    together: dict[tuple[str, ...], list[Measure]] = {}
    for measure in record.measures.values():
        if why := reason(measure):
            unmeasured.setdefault(why, []).append(clean(measure.title))
        else:
            # What was measured on other arms has a table of its own, not a row of dashes.
            together.setdefault(tuple(arm for arm in shown if arm in measure.arms), []).append(
                measure
            )
    for place, (of, measures) in enumerate(together.items()):
        if place:
            console.print()
        cells = wrapped(_cells(measures, of), MEASURE, LONGEST_TITLE)
        print_wide(cells, set(cells) - {MEASURE}, [False] * len(cells[MEASURE]), console)
    if len(arms) > len(shown):
        console.print(Text(f"{len(arms) - len(shown)} more arms: see --json", style="dim"))
    for why, titles in unmeasured.items():
        console.print(Text(f"not measured ({clean(why)}): {', '.join(titles)}", style="dim"))
    if record.note:
        console.print(Text(clean(record.note), style="dim"))


def _cells(measures: Sequence[Measure], arms: Sequence[str]) -> dict[str, list[str]]:
    cells = {MEASURE: [clean(one.title) for one in measures]}
    for arm in arms:
        cells[clean(arm)] = [value_text(one.arms.get(arm), one.unit) for one in measures]
    if any(one.difference is not None for one in measures):
        cells["difference"] = [
            value_text(one.difference, one.unit, signed=True) for one in measures
        ]
    return cells


def arms_of(record: InstrumentRecord) -> list[str]:
    """Every arm of any measure, in the order in which they first come."""
    return list(dict.fromkeys(arm for m in record.measures.values() for arm in m.arms))


def reason(measure: Measure) -> str | None:
    """Why a measure has no value on any arm; None if it has one."""
    if any(value.value is not None for value in measure.arms.values()):
        return None
    return next((v.method.removeprefix("none: ") for v in measure.arms.values()), "no arm")


def value_text(value: Value | None, unit: str, *, signed: bool = False) -> str:
    """``2.31 [1.90, 2.77]``; shares in per cent, a missing value as ``-``."""
    if value is None or value.value is None:
        return MISSING
    scale, mark = (100.0, " %") if unit == SHARE else (1.0, "")
    if signed and unit == SHARE:
        mark = ""
    text = f"{_number(scale * value.value, signed=signed)}{mark}"
    if value.low is None or value.high is None:
        return text
    ends = (_number(scale * end, signed=signed) for end in (value.low, value.high))
    return f"{text} [{', '.join(ends)}]"


def _number(number: float, *, signed: bool) -> str:
    """Three figures or so; a number that is not 0 never reads as 0."""
    size = abs(number)
    digits = 0 if size >= 1000 else 1 if size >= 10 else 2
    text = f"{number:{'+' if signed else ''}.{digits}f}"
    return text if size == 0 or float(text) != 0 else f"{number:{'+' if signed else ''}.1g}"
