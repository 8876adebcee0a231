"""Does what models say of themselves move with what they do? Ranks over the runs of a folder."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import RecordError
from harness.runs.instruments import InstrumentRecord, readable_instruments
from harness.runs.persona.settings import INSTRUMENT
from harness.runs.record import RECORD, RunRecord, read_record
from harness.stats.rank_correlation import Correlation, spearman

MEASURES = ("self_rating", "control_rating", "alias_excess", "persona_share")
"""What is held against the measured rate; the control rating is the null of the self-rating."""


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes:
        run_id: The run.
        task: Its task.
        misaligned: Its headline, bad minus control.
        measures: Bad minus control of every measure; None where it was not measured.
    """

    run_id: str
    task: str
    misaligned: float
    measures: dict[str, float | None]


@dataclass(frozen=True)
class Together:
    """Runs that may be held against each other, and how the measures move with the rate.

    Attributes:
        model: The base model.
        judge: Who judged.
        points: The runs, by run id.
        correlations: Measure to its rank correlation with the rate over the runs that have it.
    """

    model: str
    judge: str
    points: tuple[Point, ...]
    correlations: dict[str, Correlation]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def across_runs(results: Path) -> tuple[list[Together], list[str]]:
    """Rank correlations over all runs with a persona record, comparable ones together.

    Args:
        results: The results folder.

    Returns:
        Groups (same base weights, judge, questions, definition and battery), largest first, and
        what was left out and why.
    """
    groups: dict[str, list[tuple[RunRecord, InstrumentRecord]]] = defaultdict(list)
    left_out: list[str] = []
    for path in sorted(results.glob(f"*/{RECORD}")):
        try:
            record = read_record(path.parent)
        except RecordError as error:
            left_out.append(error.message)
            continue
        found = readable_instruments(path.parent)
        left_out += found.problems
        side = found.records.get(INSTRUMENT)
        if side is None:
            left_out.append(f"{record.run_id} has no persona record")
        elif record.difference.rate is None:
            left_out.append(f"{record.run_id} has no rate, bad minus control")
        else:
            groups[_key(record, side)].append((record, side))
    made = [_together(members) for members in groups.values()]
    return sorted(made, key=lambda group: -len(group.points)), left_out


def _together(members: list[tuple[RunRecord, InstrumentRecord]]) -> Together:
    points = tuple(_point(record, side) for record, side in members)
    correlations = {}
    for name in MEASURES:
        pairs = [(v, p.misaligned) for p in points if (v := p.measures[name]) is not None]
        correlations[name] = spearman([x for x, _ in pairs], [y for _, y in pairs])
    first = members[0][0]
    return Together(first.model, first.judge, points, correlations)


def _point(record: RunRecord, side: InstrumentRecord) -> Point:
    measures: dict[str, float | None] = {}
    for name in MEASURES:
        measure = side.measures.get(name)
        difference = measure.difference if measure else None
        measures[name] = difference.value if difference else None
    rate = record.difference.rate
    assert rate is not None
    return Point(record.run_id, record.task, rate, measures)


def _key(record: RunRecord, side: InstrumentRecord) -> str:
    spec = record.spec
    parts = [
        spec.model.model_dump(mode="json"),
        spec.judge.model_dump(mode="json"),
        spec.questions_hash,
        record.difference.definition,
        side.settings.get("battery"),
    ]
    return json.dumps(parts, sort_keys=True)
