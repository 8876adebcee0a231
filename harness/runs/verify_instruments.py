"""Checking the side records of a run: rows against their hash, figures against their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from harness.errors import RecordError
from harness.runs.comparison import Comparison
from harness.runs.instrument_rows import Row, rows_hash, unpack_rows
from harness.runs.instruments import FOLDER, InstrumentRecord, Measure, Side, parse_instrument

Recompute = Callable[[InstrumentRecord, Sequence[Row]], Mapping[str, Measure]]
"""Measures of an instrument, computed from its raw rows and the settings of its record. Those that
need more than the rows (weights, activations) are left out."""
RECOMPUTED_BY: dict[str, str] = {
    "deception": "harness.runs.deception.figures:recompute",
    "shutdown": "harness.runs.shutdown.figures:recompute",
    "monitor": "harness.runs.monitor.recompute:recompute",
    "persona": "harness.runs.persona.figures:measures_of_rows",
}
"""Instrument to ``module:function`` of the ``Recompute`` that knows its rows."""


@dataclass(frozen=True)
class SideCheck:
    """What a check of all side records of a run found.

    Attributes:
        problems: What does not belong together or is missing.
        differing: Figures that are computed otherwise from the same rows.
        notes: What could not be computed again.
        figures: Numbers that were computed again.
        rows: Raw rows they were computed from.
    """

    problems: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: int = 0
    rows: int = 0


def check_instruments(sides: Mapping[str, Side], run_id: str) -> SideCheck:
    """Check every side record; nothing is sampled and no model is loaded."""
    problems: list[str] = []
    differing: list[str] = []
    notes: list[str] = []
    figures = total = 0
    for name, side in sorted(sides.items()):
        if side.record is None:
            notes.append(f"{name}: rows without figures; its measurement was cut off")
            continue
        try:
            record, rows = _opened(name, side, run_id)
        except RecordError as error:
            problems.append(error.message)
            continue
        comparison = Comparison()
        try:
            found = recomputed(record, rows)
            for measure, value in found.items():
                comparison.compare(f"{name}.{measure}", record.measures.get(measure), value)
        except Exception as error:  # the rows are a stranger's; what they break is their fault
            problems.append(
                f"{name}: its figures cannot be computed: {type(error).__name__}: {error!s:.200}"
            )
            continue
        differing += comparison.problems
        figures, total = figures + comparison.numbers, total + len(rows)
        if left := [m for m in record.measures if m not in found]:
            said = "only the hash of its rows was taken again" if rows else "it carries no rows"
            notes.append(f"{name}: {len(left)} measures are not computed again; {said}")
    return SideCheck(tuple(problems), tuple(differing), tuple(notes), figures, total)


def recomputed(record: InstrumentRecord, rows: Sequence[Row]) -> Mapping[str, Measure]:
    """The measures that follow from the rows; none where the instrument knows no such way."""
    place = RECOMPUTED_BY.get(record.instrument)
    if place is None:
        return {}
    module, _, function = place.partition(":")
    compute: Recompute = getattr(import_module(module), function)
    return compute(record, rows)


def _opened(name: str, side: Side, run_id: str) -> tuple[InstrumentRecord, list[Row]]:
    """Record and rows of a side record that belong together.

    Raises:
        RecordError: They do not, or one of them is broken or missing.
    """
    where = f"{FOLDER}/{name}"
    record = parse_instrument(side.record or b"", f"{where}.json", name, run_id)
    rows = unpack_rows(side.rows, f"{where}.rows.jsonl.gz") if side.rows is not None else []
    if record.rows != len(rows) or (record.rows_sha256 is None) != (not rows):
        raise RecordError(f"{where} has {len(rows)} raw rows, but its record says {record.rows}.")
    if rows and rows_hash(rows) != record.rows_sha256:
        raise RecordError(f"{where}: the raw rows are not those whose hash is in the record.")
    return record, rows
