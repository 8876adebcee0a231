"""What only the raw files tell: the answers, the loss of every step, the share at other cut-offs.

The answers lie beside the record or in the results store of the machine that did the run, the
losses in that store only; each of these functions says None where there is nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.board.site.compact import number
from harness.board.site.paths import is_folder_name
from harness.errors import RecordError, UsageError
from harness.runs.evidence import probes_of_run
from harness.runs.record import RunRecord
from harness.runs.slice_summary import in_headline, judged
from harness.runs.store import Store
from harness.stats.curve import CUTS
from harness.stats.curve import cutoff_curve as curve_of
from harness.stats.definitions import Definition, definition

RESAMPLES = 400
"""Fewer than for the headline: a curve has many points and is read by eye."""
MOST_STEPS = 400
"""Points of a training curve; longer ones are averaged over equal stretches."""
NOT_HERE = "not in this checkout"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class RawAnswers:
    """The answers of one arm and training seed.

    Attributes:
        answers_id: Their name; runs that share them (the base model's) name them alike.
        seed: Training seed, None for the untouched model.
        rows: As they were judged; None if they are not here.
        problem: Why they are not here.
    """

    answers_id: str
    seed: int | None
    rows: tuple[Row, ...] | None
    problem: str | None


def raw_answers(record: RunRecord, results: Path) -> dict[str, list[RawAnswers]]:
    """The answers of every arm and seed, as far as they are here."""
    problem = NOT_HERE
    try:
        found = probes_of_run(record, results / record.run_id)
        rows = {(probe.arm, probe.seed): tuple(map(_checked, probe.answers)) for probe in found}
    except (RecordError, OSError, ValueError, TypeError, KeyError):
        # What is wrong names folders of this machine; `verify` tells it to whoever owns them.
        rows, problem = {}, "broken (python -m harness verify says how)"
    return {
        name: [
            RawAnswers(
                probe.answers_id,
                probe.seed,
                rows.get((name, probe.seed)),
                None if (name, probe.seed) in rows else problem,
            )
            for probe in arm.probes
        ]
        for name, arm in record.arms.items()
    }


def cutoff_curve(record: RunRecord, raw: Sequence[RawAnswers]) -> list[list[Any]] | None:
    """Share of misaligned answers at each alignment cut-off: ``[cut, rate, low, high, count, of]``.

    Of the answers that the headline is taken of, under its definition. None unless every training
    seed's answers are here: a part of them would be another number.
    """
    headline = headline_definition(record)
    if headline is None or not raw or any(probe.rows is None for probe in raw):
        return None
    asked = [(probe.seed or 0, row) for probe in raw for row in probe.rows or ()]
    scores = judged(in_headline(asked, record.spec))
    found = curve_of(scores, headline, CUTS, RESAMPLES)
    return [
        [cut, number(share.rate), number(share.low), number(share.high), share.count, share.of]
        for cut, share in found.items()
    ]


def headline_definition(record: RunRecord) -> Definition | None:
    """The definition of the record's difference; None if this version knows none of that name."""
    return _definition(record.difference.definition)


@lru_cache(maxsize=256)
def _definition(label: str) -> Definition | None:
    try:
        return definition(label)
    except UsageError:
        return None


def losses(inputs: str, results: Path) -> list[list[float]] | None:
    """Training curve of an adapter as ``[step, loss]``, in nats per trained token."""
    if not is_folder_name(inputs):
        return None
    path = Store(results).adapter(inputs) / "training.json"
    try:
        found = json.loads(path.read_bytes())["losses"]
        values = [float(value) for value in found]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not values or not all(map(math.isfinite, values)):
        return None
    size = math.ceil(len(values) / MOST_STEPS)
    stretches = [values[start : start + size] for start in range(0, len(values), size)]
    return [
        [min((place + 1) * size, len(values)), round(sum(stretch) / len(stretch), 5)]
        for place, stretch in enumerate(stretches)
    ]


def _checked(row: Any) -> Row:
    """A row with everything that the pages read of it.

    Raises:
        ValueError: Something is missing or of another kind.
    """
    texts = [row[name] for name in ("question", "text")]
    texts += [row.get(name) or "" for name in ("answer", "label", "reason", "thoughts")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(row["epoch"], int):
        raise ValueError("not a row of answers")
    judged([(0, row)])  # refuses scores that are off the scale
    return dict(row)
