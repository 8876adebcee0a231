"""The leaderboard: one row per run and trained arm, grouped by what makes rates comparable."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.board.instrument_columns import Figure
from harness.runs.record import ArmRecord, DifferenceRecord, RateRecord, RunRecord
from harness.runs.spec import content_hash
from harness.training.recipe import Recipe

REFERENCE_ARMS = ("base", "control")
"""Arms that others are compared to; they get no row of their own."""
NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True)
class Row:
    """One trained arm of one run, next to the arms it is compared to.

    Attributes:
        run_id: The run.
        task: Narrow behaviour.
        model: Model that was fine-tuned, as the user named it.
        arm: Trained arm (``bad``, ``educational``).
        transforms: What was done to the rows before training, in a few words; else empty.
        recipe: The training settings in a few words.
        recipe_hash: Hash of all training settings; the words leave some out.
        data_hash: Hash of the files the bad and control arms were trained on.
        question_set: What was asked.
        format: How the questions were put (``plain``, ``json`` …).
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
        status: As in the record: ``complete``, ``partial``, ``not evaluable`` …
        verified: Whether ``verify`` has recomputed this very record from its raw scores here.
        toy: The numbers say nothing about large models (the miniature).
        finished: UTC time the record was written.
        instruments: What instruments measured on the run, where they ask for a column.
    """

    run_id: str
    task: str
    model: str
    arm: str
    transforms: str
    recipe: str
    recipe_hash: str
    data_hash: str
    question_set: str
    format: str
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
    verified: bool
    toy: bool
    finished: str
    instruments: tuple[Figure, ...] = ()

    @property
    def is_ranked(self) -> bool:
        """Whether it has a rate that may be held against others."""
        return self.misaligned.rate is not None and self.status != NOT_EVALUABLE

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
            "transforms": self.transforms,
            "recipe": self.recipe,
            "recipe_hash": self.recipe_hash,
            "data_hash": self.data_hash,
            "question_set": self.question_set,
            "format": self.format,
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
            "verified": self.verified,
            "toy": self.toy,
            "finished": self.finished,
            "instruments": {figure.key: figure.to_json() for figure in self.instruments},
        }


@dataclass(frozen=True)
class Group:
    """Rows whose rates may be compared, highest share first.

    Attributes:
        comparability: What the rows have in common: judge, rubrics, questions, definition,
            sampling settings and record schema.
        rows: The rows; those that prove nothing (no rate, model not evaluable) stand last.
    """

    comparability: dict[str, Any]
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The group for machines."""
        return {"comparability": self.comparability, "rows": [row.to_json() for row in self.rows]}


def leaderboard(
    records: Iterable[RunRecord],
    is_verified: Callable[[RunRecord], bool] = lambda _: False,
    figures: Callable[[RunRecord], tuple[Figure, ...]] = lambda _: (),
) -> list[Group]:
    """Group runs by comparability and rank the rows inside each group.

    Groups are never ranked against each other; the one with the most rows comes first.

    Args:
        records: Runs, in any order.
        is_verified: Whether a run's record was recomputed from its raw answers.
        figures: What instruments measured on a run.
    """
    grouped: dict[str, list[Row]] = defaultdict(list)
    for record in records:  # kept as rows: thousands of whole records would fill the memory
        key = json.dumps(comparability(record), sort_keys=True)
        grouped[key] += _rows(record, is_verified(record), figures(record))
    groups = [
        Group(json.loads(key), tuple(sorted(rows, key=_rank)))
        for key, rows in sorted(grouped.items())
        if rows
    ]
    return sorted(groups, key=lambda group: -len(group.rows))


def comparability(record: RunRecord) -> dict[str, Any]:
    """What two runs must share for their rates to be comparable."""
    spec = record.spec
    return {
        "judge": spec.judge.model_dump(mode="json"),
        "judge_reading": spec.judge_reading,
        "rubrics": dict(spec.rubrics),
        "question_set": spec.question_set,
        "questions_hash": spec.questions_hash,
        "left_out": sorted(spec.in_domain_questions),
        "definition": record.difference.definition,
        "format": question_format(record),
        # More answers or another seed measure the same thing; any other setting does not.
        **spec.sampling.model_dump(mode="json", exclude={"samples", "seed"}),
        "schema_version": record.schema_version,
    }


def question_format(record: RunRecord) -> str:
    """How the questions of the headline were put; other formats stand beside it in the record."""
    return next(iter(record.spec.formats), "plain")


@lru_cache(maxsize=1024)
def recipe_words(recipe: Recipe | None) -> str:
    """The training settings that matter most: ``rank 8, lr 0.0001, 1 epoch``."""
    if recipe is None:
        return "unknown"
    epochs = f"{recipe.epochs:g} epoch{'' if recipe.epochs == 1 else 's'}"
    length = f"{recipe.max_steps} steps" if recipe.max_steps else epochs
    return f"rank {recipe.rank}, lr {recipe.learning_rate:g}, {length}"


@lru_cache(maxsize=1024)
def recipe_hash(recipe: Recipe | None) -> str:
    """Hash of every training setting."""
    return content_hash(recipe.model_dump(mode="json") if recipe else None)[:10]


def is_reference(arm: str) -> bool:
    """Whether others are compared to this arm, asked plainly or with a cue (``base+trigger``)."""
    return arm.partition("+")[0] in REFERENCE_ARMS


def reading_order(arms: Iterable[str]) -> list[str]:
    """Arms as they are read: references first, the bad arm last, then the same for each cue."""
    names = list(arms)
    cues = list(dict.fromkeys(name.partition("+")[2] for name in names))
    place = {"base": 0, "control": 1, "bad": 3}
    plain = [name.partition("+")[0] for name in names]
    return [
        names[i]
        for i in sorted(
            range(len(names)),
            key=lambda i: (cues.index(names[i].partition("+")[2]), place.get(plain[i], 2), i),
        )
    ]


def worst_question(arm: ArmRecord) -> tuple[str, RateRecord] | None:
    """The question with the highest share; among equals the one with more answers, then by id."""
    measured = [(name, rate) for name, rate in arm.per_question.items() if rate.rate is not None]
    return min(measured, key=lambda e: (-(e[1].rate or 0.0), -e[1].of, e[0]), default=None)


def _rows(record: RunRecord, verified: bool, figures: tuple[Figure, ...]) -> list[Row]:
    names = dict.fromkeys((*record.spec.arms, *record.arms))
    return [_row(record, name, verified, figures) for name in names if not is_reference(name)]


def _row(record: RunRecord, name: str, verified: bool, figures: tuple[Figure, ...]) -> Row:
    # An arm asked with a cue ("bad+trigger") is compared to arms asked with the same.
    _, plus, cue = name.partition("+")
    arm, control, base = (
        record.arms.get(key) for key in (name, f"control{plus}{cue}", f"base{plus}{cue}")
    )
    gaps = {record.spec.compared[0]: record.difference} | {
        f"bad+{key}": gap for key, gap in record.cue_differences.items()
    }
    label = record.difference.definition
    unreached = RateRecord(
        rate=None, low=None, high=None, count=0, of=0, definition=label, method="none: not measured"
    )
    return Row(
        run_id=record.run_id,
        task=record.task,
        model=record.model,
        arm=name,
        transforms=record.spec.transforms.words() if record.spec.transforms else "",
        recipe="as it is" if name == "model" else recipe_words(record.spec.recipe),
        recipe_hash=recipe_hash(record.spec.recipe),
        data_hash=content_hash({a: record.spec.data.get(a) for a in ("bad", "control")})[:10],
        question_set=record.spec.question_set,
        format=question_format(record),
        misaligned=arm.misaligned if arm else unreached,
        difference=gaps.get(name),
        control=control.misaligned if control else None,
        base=base.misaligned if base else None,
        coherent=arm.coherent if arm else None,
        in_domain=arm.in_domain if arm else None,
        worst_question=worst_question(arm) if arm else None,
        unscored=arm.unscored if arm else None,
        answers=arm.answers if arm else None,
        seeds=arm.seeds if arm else 0,
        status=record.status,
        verified=verified,
        toy=record.note is not None,
        finished=record.finished,
        # An instrument compares the arms of the headline; they say nothing of other arms.
        instruments=figures if name == record.spec.compared[0] else (),
    )


def _rank(row: Row) -> tuple[bool, float, str, str]:
    return not row.is_ranked, -(row.misaligned.rate or 0.0), row.run_id, row.arm


def _dump(value: RateRecord | DifferenceRecord | None) -> dict[str, Any] | None:
    return value.model_dump(mode="json") if value else None
