"""A suite on a terminal: one line for each figure, arms side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.instruments_view import value_text
from harness.board.layout import print_wide
from harness.board.text import MISSING, clean
from harness.runs.instruments import Measure
from harness.runs.suite.record import SuiteRecord, arms_of

if TYPE_CHECKING:
    from rich.console import Console

KEYS = ("instrument", "figure")


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
        table = {t: column for t, column in table.items() if t in KEYS or set(column) != {MISSING}}
        bold = [bool(row["instrument"]) for row in rows]
        print_wide(table, set(table) - set(KEYS), bold, console, keys=len(KEYS))
    for name, step in record.instruments.items():
        if step.reason is not None:
            said = "failed" if step.status == "failed" else "not measured"
            console.print(Text(f"{name}: {said}: {clean(step.reason)}", "yellow"))
    left = {name: step.left_out for name, step in record.instruments.items() if step.left_out}
    if left:
        more = ", ".join(f"{count} of {name}" for name, count in left.items())
        console.print(Text(f"More measures, by python -m harness show RUN: {more}", "dim"))


def _row(name: str, measure: Measure, arms: list[str]) -> dict[str, str]:
    unit = measure.unit
    return {
        "instrument": name,
        "figure": clean(measure.title),
        **{arm: value_text(measure.arms.get(arm), unit) for arm in arms},
        "difference": value_text(measure.difference, unit, signed=True),
        "null": value_text(measure.null, unit),
    }
