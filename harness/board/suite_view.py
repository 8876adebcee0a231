"""A suite on a terminal: one line for each figure, arms side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.layout import print_table
from harness.board.text import MISSING, clean, percent_interval
from harness.runs.instruments import Measure, Value
from harness.runs.suite.record import SuiteRecord, arms_of

if TYPE_CHECKING:
    from rich.console import Console


def print_suite(record: SuiteRecord, console: Console) -> None:
    """Print the figures, then what is missing and why."""
    from rich.text import Text

    arms = list(arms_of(record))
    rows: list[dict[str, str]] = []
    for name, step in record.instruments.items():
        for place, measure in enumerate(step.measures.values()):
            rows.append(_row(name if place == 0 else "", measure, arms))
    if rows:
        table = {title: [row[title] for row in rows] for title in rows[0]}
        numbers = {*arms, "difference", "null"}
        print_table(table, numbers, [bool(row["instrument"]) for row in rows], console)
    for name, step in record.instruments.items():
        if step.reason is not None:
            said = "failed" if step.status == "failed" else "not measured"
            console.print(Text(f"{name}: {said}: {clean(step.reason)}", "yellow"))


def _row(name: str, measure: Measure, arms: list[str]) -> dict[str, str]:
    share = measure.unit == "share"
    return {
        "instrument": name,
        "figure": clean(measure.title),
        **{arm: _figure(measure.arms.get(arm), share) for arm in arms},
        "difference": _figure(measure.difference, share),
        "null": _figure(measure.null, share),
    }


def _figure(value: Value | None, share: bool) -> str:
    if value is None or value.value is None:
        return MISSING
    if share:
        return percent_interval(value.value, value.low, value.high)
    if value.low is None or value.high is None:
        return f"{value.value:.2f}"
    return f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"
