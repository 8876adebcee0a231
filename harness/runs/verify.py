"""Checking a run: every figure computed again from the raw answers, every hash taken again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import RecordError
from harness.runs.comparison import Comparison
from harness.runs.consistency import complete, identity, scores, trainings
from harness.runs.evidence import Evidence
from harness.runs.raw import RawProbe, unpack
from harness.runs.record import RunRecord, parse_record
from harness.runs.summary import ProbeRows, figures
from harness.runs.verify_inside import check_inside
from harness.runs.verify_instruments import check_instruments
from harness.stats.definitions import definition

if TYPE_CHECKING:
    from harness.runs.rejudge import Agreement


@dataclass(frozen=True)
class Verification:
    """What a check found.

    Attributes:
        name: What the user called the run.
        record: The record; None if it cannot be read.
        problems: What does not belong together or is missing.
        differing: Figures that are computed otherwise from the same answers.
        sides_differing: The same of the side records, whose instrument must be run anew.
        notes: What could not be checked, and why.
        figures: Numbers of the record that were computed again.
        answers: Raw answers they were computed from.
        rows: Raw rows of side records they were computed from.
        probes: The raw answers, for judging some of them again.
        agreement: What a second judgement of a sample says, if there was one.
    """

    name: str
    record: RunRecord | None
    problems: tuple[str, ...]
    differing: tuple[str, ...] = ()
    sides_differing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: int = 0
    answers: int = 0
    rows: int = 0
    probes: tuple[RawProbe, ...] = ()
    agreement: Agreement | None = None

    @property
    def verified(self) -> bool:
        """Whether everything that can be computed again came out as recorded."""
        return not (self.problems or self.differing or self.sides_differing)

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "name": self.name,
            "run_id": self.record.run_id if self.record else None,
            "verified": self.verified,
            "problems": [*self.problems, *self.differing, *self.sides_differing],
            "notes": list(self.notes),
            "figures": self.figures,
            "answers": self.answers,
            "rows": self.rows,
            "judged_again": asdict(self.agreement) if self.agreement else None,
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
    problems += trainings(record, evidence)
    comparison = Comparison()
    if not problems:
        try:
            for name, value in recomputed_figures(record, probes).items():
                comparison.compare(name, getattr(record, name), value)
        except Exception as error:  # the rows are a stranger's; what they break is their fault
            problems.append(f"the figures cannot be computed: {type(error).__name__}: {error}")
    sides = check_instruments(evidence.instruments, record.run_id)
    inside = check_inside(evidence.inside, record.run_id)
    return Verification(
        name=evidence.name,
        record=record,
        problems=(*problems, *sides.problems, *inside.problems),
        differing=tuple(comparison.problems),
        sides_differing=sides.differing,
        notes=(*_notes(record, evidence, probes), *sides.notes, *inside.notes),
        figures=comparison.numbers + sides.figures + inside.shares,
        rows=sides.rows,
        answers=sum(len(probe.answers) + len(probe.in_domain) for probe in probes),
        probes=tuple(probes),
    )


def refreshed(found: Verification) -> RunRecord:
    """The record with its figures as they are computed now, from the same answers.

    For records of an older version, whose intervals were made in another way.

    Raises:
        RecordError: More is wrong with the run than its figures.
    """
    if found.record is None or found.problems:
        raise RecordError(
            f"The figures of {found.name} cannot be written anew: {'; '.join(found.problems)}.",
            hint="A run is only refreshed if everything but its figures is in order.",
        )
    return found.record.model_copy(update=recomputed_figures(found.record, found.probes))


def recomputed_figures(record: RunRecord, probes: Sequence[RawProbe]) -> dict[str, Any]:
    """Every figure, computed from the raw answers."""
    raw = {(probe.arm, probe.seed): probe for probe in probes}
    rows = {
        name: [
            ProbeRows(p, raw[name, p.seed].answers, raw[name, p.seed].in_domain) for p in arm.probes
        ]
        for name, arm in record.arms.items()
    }
    adapters = {name: arm.adapters for name, arm in record.arms.items()}
    return figures(rows, adapters, record.spec, definition(record.difference.definition))


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
