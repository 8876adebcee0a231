"""The leaderboard: one row per run and trained arm, grouped by what makes rates comparable."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.runs.record import ArmRecord, DifferenceRecord, RateRecord, RunRecord

REFERENCE_ARMS = ("base", "control")
"""Arms that others are compared to; they get no row of their own."""


@dataclass(frozen=True)
class Row:
    """One trained arm of one run, next to the arms it is compared to.

    Attributes:
        run_id: The run.
        task: Narrow behaviour.
        model: Model that was fine-tuned, as the user named it.
        arm: Trained arm (``bad``, ``educational``).
        misaligned: Share of misaligned answers; its rate is None when nothing could be judged or
            the arm was not reached.
        difference: Arm minus control, where the record holds it.
        control: The control's share of misaligned answers.
        base: The untouched model's.
        coherent: Share of coherent answers of this arm.
        in_domain: Share of in-domain answers with the narrow behaviour.
        worst_question: Id of the question with the highest share, and that share.
        unscored: Answers whose judgement failed; None if the arm was not reached.
        answers: All answers of the arm; None if it was not reached.
        seeds: Training seeds.
        status: ``complete`` or ``partial``.
        toy: The numbers say nothing about large models (the miniature).
    """

    run_id: str
    task: str
    model: str
    arm: str
    misaligned: RateRecord
    difference: DifferenceRecord | None
    control: RateRecord | None
    base: RateRecord | None
    coherent: RateRecord | None
    in_domain: RateRecord | None
    worst_question: tuple[str, RateRecord] | None
    unscored: int | None
    answers: int | None
    seeds: int
    status: str
    toy: bool

    @property
    def unscored_share(self) -> float | None:
        """Share of answers whose judgement failed, None when there are no answers."""
        return self.unscored / self.answers if self.answers and self.unscored is not None else None

    def to_json(self) -> dict[str, Any]:
        """The row for machines: shares from 0 to 1, None for what was not measured."""
        worst = self.worst_question
        return {
            "run_id": self.run_id,
            "task": self.task,
            "model": self.model,
            "arm": self.arm,
            "misaligned": _dump(self.misaligned),
            "difference": _dump(self.difference),
            "control": _dump(self.control),
            "base": _dump(self.base),
            "coherent": _dump(self.coherent),
            "in_domain": _dump(self.in_domain),
            "worst_question": {"id": worst[0], **worst[1].model_dump()} if worst else None,
            "unscored": {"rate": self.unscored_share, "count": self.unscored, "of": self.answers},
            "answers": self.answers,
            "seeds": self.seeds,
            "status": self.status,
            "toy": self.toy,
        }


@dataclass(frozen=True)
class Group:
    """Rows whose rates may be compared, highest share first.

    Attributes:
        comparability: What the rows have in common: judge, rubrics, questions, definition,
            sampling settings and record schema.
        rows: The rows; those without a rate stand last.
    """

    comparability: dict[str, Any]
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The group for machines."""
        return {"comparability": self.comparability, "rows": [row.to_json() for row in self.rows]}


def leaderboard(records: Iterable[RunRecord]) -> list[Group]:
    """Group runs by comparability and rank the rows inside each group.

    Groups are never ranked against each other; the one with the most rows comes first.
    """
    grouped: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        grouped[json.dumps(comparability(record), sort_keys=True)].append(record)
    groups = [
        Group(json.loads(key), tuple(sorted(_rows(members), key=_rank)))
        for key, members in sorted(grouped.items())
    ]
    return sorted(groups, key=lambda group: -len(group.rows))


def comparability(record: RunRecord) -> dict[str, Any]:
    """What two runs must share for their rates to be comparable."""
    spec = record.spec
    return {
        "judge": spec.judge.model_dump(mode="json"),
        "rubrics": dict(spec.rubrics),
        "question_set": spec.question_set,
        "questions_hash": spec.questions_hash,
        "definition": record.difference.definition,
        "temperature": spec.sampling.temperature,
        "top_p": spec.sampling.top_p,
        "max_tokens": spec.sampling.max_tokens,
        "schema_version": record.schema_version,
    }


def worst_question(arm: ArmRecord) -> tuple[str, RateRecord] | None:
    """The question with the highest share; among equals the one with more answers, then by id."""
    measured = [(name, rate) for name, rate in arm.per_question.items() if rate.rate is not None]
    return min(measured, key=lambda e: (-(e[1].rate or 0.0), -e[1].of, e[0]), default=None)


def _rows(records: Iterable[RunRecord]) -> list[Row]:
    return [
        _row(record, name)
        for record in records
        for name in dict.fromkeys((*record.spec.arms, *record.arms))
        if name not in REFERENCE_ARMS
    ]


def _row(record: RunRecord, name: str) -> Row:
    arm, control, base = (record.arms.get(key) for key in (name, "control", "base"))
    label = record.difference.definition
    unreached = RateRecord(
        rate=None, low=None, high=None, count=0, of=0, definition=label, method="none: not measured"
    )
    return Row(
        run_id=record.run_id,
        task=record.task,
        model=record.model,
        arm=name,
        misaligned=arm.misaligned if arm else unreached,
        difference=record.difference if name == "bad" else None,
        control=control.misaligned if control else None,
        base=base.misaligned if base else None,
        coherent=arm.coherent if arm else None,
        in_domain=arm.in_domain if arm else None,
        worst_question=worst_question(arm) if arm else None,
        unscored=arm.unscored if arm else None,
        answers=arm.answers if arm else None,
        seeds=arm.seeds if arm else 0,
        status=record.status,
        toy=record.note is not None,
    )


def _rank(row: Row) -> tuple[bool, float, str, str]:
    rate = row.misaligned.rate
    return rate is None, -(rate or 0.0), row.run_id, row.arm


def _dump(value: RateRecord | DifferenceRecord | None) -> dict[str, Any] | None:
    return value.model_dump(mode="json") if value else None
