"""Columns of the leaderboard that instruments ask for: one figure for each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.board.instruments_view import value_text
from harness.runs.instruments import FOLDER, InstrumentRecord, Measure, Value, readable_instruments
from harness.runs.record import RunRecord

MOST = 4
"""Columns of one instrument; a side record may come from a stranger."""
MOST_TOGETHER = 12


@dataclass(frozen=True)
class Figure:
    """One instrument's figure on one run.

    Attributes:
        instrument: Its name.
        measure: Name of the measure in the side record.
        title: Title of the column.
        definition: What exactly it is.
        unit: Its unit.
        of: ``difference`` (bad minus control), or the arm it was measured on.
        value: The figure with its interval.
    """

    instrument: str
    measure: str
    title: str
    definition: str
    unit: str
    of: str
    value: Value

    @property
    def key(self) -> str:
        """Name for machines: ``persona.alias_excess``."""
        return f"{self.instrument}.{self.measure}"

    @property
    def text(self) -> str:
        """As a table shows it."""
        return value_text(self.value, self.unit, signed=self.of == "difference")

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "title": self.title,
            "unit": self.unit,
            "measured_on": self.of,
            **self.value.model_dump(mode="json"),
        }


def figures_of(results: Path, record: RunRecord, problems: list[str]) -> tuple[Figure, ...]:
    """The figures of a run's side records; none for most of some thousand runs.

    Args:
        results: The results folder.
        record: The run.
        problems: Receives one message for each side record that cannot be read.
    """
    folder = results / record.run_id
    if not (folder / FOLDER).is_dir():
        return ()
    found = readable_instruments(folder)
    problems += found.problems
    return figures(found.records)


def figures(records: Mapping[str, InstrumentRecord]) -> tuple[Figure, ...]:
    """The measures that name a column, at most ``MOST`` of one instrument."""
    found: list[Figure] = []
    for name, record in records.items():
        wanted = [(key, m) for key, m in record.measures.items() if m.column is not None]
        found += [_figure(name, key, measure) for key, measure in wanted[:MOST]]
    return tuple(found[:MOST_TOGETHER])


def _figure(instrument: str, key: str, measure: Measure) -> Figure:
    """Bad minus control, where that was measured; otherwise the first arm that was."""
    of, value = "difference", measure.difference
    if value is None or value.value is None:
        measured = ((arm, v) for arm, v in measure.arms.items() if v.value is not None)
        of, value = next(measured, ("difference", value or _unmeasured(measure)))
    title = measure.column or measure.title
    return Figure(instrument, key, title, measure.definition, measure.unit, of, value)


def _unmeasured(measure: Measure) -> Value:
    return next(
        iter(measure.arms.values()), Value(value=None, low=None, high=None, n=0, method="none")
    )
