"""Asking the edited models of a run, condition by condition, and taking the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.inside.hooks import edit_residuals
from harness.inside.texts import Split
from harness.models.memory import free
from harness.runs.inside.ask import Answers, ask_and_judge, rates
from harness.runs.inside.causing.intervention import How, Intervention
from harness.runs.inside.causing.record import Condition, Null, Spoken
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress, Silent
from harness.stats.definitions import definition
from harness.stats.differences import difference

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.runs.record import DifferenceRecord

SHOWN = 3
UNEDITED = "unedited"


@dataclass(frozen=True)
class Named:
    """A condition before it is asked.

    Attributes:
        name: Its name in the record.
        direction: Which direction; None for the unedited model.
        how: What is done.
        layers: Edited layers.
        null: Which null it is, if it is one.
        draw: Seed of the null.
        of_direction: Strength in norms of the direction.
        of_residual: The same in norms of the residual stream.
    """

    name: str
    direction: str | None = None
    how: How | None = None
    layers: tuple[int, ...] = ()
    null: Null | None = None
    draw: int | None = None
    of_direction: float | None = None
    of_residual: float | None = None

    @property
    def pooled(self) -> str:
        """Name of all draws of this null together."""
        return self.name.replace(f"{self.null} {self.draw}", f"{self.null} (all draws)", 1)


@dataclass
class Bench:
    """Asks edited models and keeps their answers by condition; holds one model at a time.

    Attributes:
        subjects: The run.
        samples: Answers to each question from each model.
        seed: Sampling seed, the same in all conditions.
        progress: Told of every condition.
    """

    subjects: Subjects
    samples: int
    seed: int
    progress: Progress
    named: dict[str, Named] = field(default_factory=dict)
    answers: dict[str, list[Answers]] = field(default_factory=dict)
    _held: tuple[RunSubject, LoadedModel] | None = field(default=None, init=False)

    def load(self, subject: RunSubject) -> LoadedModel:
        """The model; the one before it makes room first."""
        if self._held is None or self._held[0] != subject:
            self._held = None
            free()
            self._held = subject, subject.load()
        return self._held[1]

    def ask(
        self,
        subject: RunSubject,
        made: Intervention | None,
        half: Split,
        samples: int | None = None,
    ) -> Answers:
        """Answers of one model under one edit to half of the questions."""
        loaded = self.load(subject)
        edits = made.edits() if made is not None else {}
        return ask_and_judge(
            loaded,
            self.subjects.judge,
            asked_questions(self.subjects, half),
            samples or self.samples,
            self.seed,
            sampling=self.subjects.record.spec.sampling,
            identity={
                "model": subject.model.model_dump(),
                "adapter": subject.weights,
                "edit": made.identity() if made is not None else None,
            },
            results=self.subjects.store.results,
            under=lambda: edit_residuals(loaded.model, edits),
            training_seed=subject.seed or 0,
            progress=Silent(),
        )

    def measure(self, named: Named, subject: RunSubject, made: Intervention | None) -> Answers:
        """Ask the evaluation questions in one condition and keep the answers.

        The draws of a random null are kept together, too: each by itself is a handful of answers.
        """
        found = self.ask(subject, made, "evaluation")
        together = () if named.draw is None else (replace(named, name=named.pooled, draw=None),)
        for one in (named, *together):
            self.named[one.name] = one
            self.answers.setdefault(one.name, []).append(found)
        return found

    def conditions(self) -> tuple[Condition, ...]:
        """The figures of everything that was measured, beside the unedited model's."""
        return tuple(self._condition(named) for named in self.named.values())

    def _condition(self, named: Named) -> Condition:
        meant = definition(self.subjects.record.difference.definition)
        found = self.answers[named.name]
        shares = rates(found, meant)
        plain = self.answers.get(UNEDITED) if named.name != UNEDITED else None
        before = rates(plain, meant) if plain else None
        change: DifferenceRecord | None = None
        removed = coherence = None
        if plain and before is not None:
            change = _difference(found, plain, meant)
            old, new = before.misaligned.rate, shares.misaligned.rate
            removed = None if not old or new is None else round(1 - new / old, 4)
            if before.coherent.rate is not None and shares.coherent.rate is not None:
                coherence = round(shares.coherent.rate - before.coherent.rate, 4)
        return Condition(
            **asdict(named),
            misaligned=shares.misaligned,
            coherent=shares.coherent,
            answers=shares.answers,
            unscored=shares.unscored,
            change=change,
            removed=removed,
            coherence_change=coherence,
            said=_said(found),
        )


def _difference(found: Sequence[Answers], plain: Sequence[Answers], meant: Any) -> DifferenceRecord:
    from harness.runs.record import DifferenceRecord

    rows, before = ([row for one in part for row in one.judged()] for part in (found, plain))
    return DifferenceRecord(**asdict(difference(rows, before, meant)))


def _said(found: Sequence[Answers]) -> tuple[Spoken, ...]:
    """The first answer to each of a few questions: nothing is picked for what it says."""
    rows: dict[str, dict[str, Any]] = {}
    for row in found[0].rows:
        rows.setdefault(row["question"], row)
    return tuple(
        Spoken(
            question=row["question"],
            answer=row["answer"][:600],
            alignment=row["alignment"],
            coherence=row["coherence"],
        )
        for row in list(rows.values())[:SHOWN]
    )
