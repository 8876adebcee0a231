"""Checking a run: every figure computed again from the raw answers, every hash taken again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import RecordError
from harness.runs.comparison import Comparison
from harness.runs.consistency import complete, identity, scores, trainings
from harness.runs.evidence import Evidence
from harness.runs.raw import RawProbe, unpack
from harness.runs.record import RunRecord, parse_record
from harness.runs.summary import ProbeRows, figures
from harness.stats.definitions import definition


@dataclass(frozen=True)
class Verification:
    """What a check found.

    Attributes:
        name: What the user called the run.
        record: The record; None if it cannot be read.
        problems: What differs or is missing; none means verified.
        notes: What could not be checked, and why.
        figures: Numbers of the record that were computed again.
        answers: Raw answers they were computed from.
        probes: The raw answers, for judging some of them again.
    """

    name: str
    record: RunRecord | None
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    figures: int = 0
    answers: int = 0
    probes: tuple[RawProbe, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether everything that can be computed again came out as recorded."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "name": self.name,
            "run_id": self.record.run_id if self.record else None,
            "verified": self.verified,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "figures": self.figures,
            "answers": self.answers,
        }


def verify(evidence: Evidence) -> Verification:
    """Check a run against its raw answers. Nothing is sampled and no model is loaded."""
    try:
        record = parse_record(evidence.record, f"{evidence.folder}/run.json")
    except RecordError as error:
        return Verification(evidence.name, None, (error.message,))
    problems = list(identity(record, evidence.folder))
    if evidence.raw is None:
        problems.append("the raw answers are missing, so that no figure can be computed again")
        return Verification(evidence.name, record, tuple(problems))
    try:
        probes = unpack(evidence.raw, f"{evidence.folder}/answers.jsonl.gz")
    except RecordError as error:
        return Verification(evidence.name, record, (*problems, error.message))
    problems += complete(record, probes)
    problems += scores(record, probes)
    counted = 0
    if not problems:
        differing, counted = _recomputed(record, probes)
        problems += differing
    problems += trainings(record, evidence)
    answers = sum(len(probe.answers) + len(probe.in_domain) for probe in probes)
    notes = tuple(_notes(record, evidence, probes))
    return Verification(
        evidence.name, record, tuple(problems), notes, counted, answers, tuple(probes)
    )


def _recomputed(record: RunRecord, probes: Sequence[RawProbe]) -> tuple[list[str], int]:
    """Figures that do not come out as recorded, and how many were compared."""
    raw = {(probe.arm, probe.seed): probe for probe in probes}
    rows = {
        name: [
            ProbeRows(p, raw[name, p.seed].answers, raw[name, p.seed].in_domain) for p in arm.probes
        ]
        for name, arm in record.arms.items()
    }
    adapters = {name: arm.adapters for name, arm in record.arms.items()}
    try:
        meant = definition(record.difference.definition)
        again = figures(rows, adapters, record.spec, meant)
    except Exception as error:  # the rows are a stranger's; whatever they break is their fault
        return [f"the figures cannot be computed: {type(error).__name__}: {error}"], 0
    comparison = Comparison()
    for name, value in again.items():
        comparison.compare(name, getattr(record, name), value)
    return comparison.problems, comparison.numbers


def _notes(record: RunRecord, evidence: Evidence, probes: Sequence[RawProbe]) -> Iterator[str]:
    adapters = sum(len(arm.adapters) for arm in record.arms.values())
    if len(evidence.adapters) < adapters:
        absent = adapters - len(evidence.adapters)
        yield f"{absent} of {adapters} adapters are not here; their hashes were not taken again"
    rows = [row for probe in probes for row in (*probe.answers, *probe.in_domain)]
    withheld = sum(row["answer"] is None for row in rows)
    if withheld:
        yield f"{withheld} of {len(rows)} answers came without their text"
    reasons = Counter(row["reason"] for probe in probes for row in probe.answers if row["reason"])
    if reasons:
        yield f"{sum(reasons.values())} answers could not be judged"
