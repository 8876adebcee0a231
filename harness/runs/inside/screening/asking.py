"""Who is asked during a screen: one model at a time, steered or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from harness.runs.inside.ask import Answers, Question, ask_and_judge
from harness.runs.inside.screening.candidate import Candidate

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.runs.inside.subjects import RunSubject, Subjects

Part = Literal["discovery", "evaluation"]


@dataclass(frozen=True)
class Asked:
    """One condition.

    Attributes:
        seed: Training seed of the bad arm's model; None for the base model.
        candidate: What is added; None asks the model as it is.
        strength: Norm of what is added; negative goes against the direction.
        part: Which half of the questions.
        samples: Answers to each question.
    """

    seed: int | None
    candidate: Candidate | None
    strength: float
    part: Part
    samples: int


class Asker(Protocol):
    """Answers conditions; a real one holds models, a test's one plays them."""

    def __call__(self, asked: Asked) -> Answers:
        """Judged answers of one condition."""


@dataclass
class ModelAsker:
    """Asks the models of a run; holds one at a time.

    Attributes:
        subjects: The run.
        layer: Where is steered.
        parts: Questions of each half.
        sampling_seed: Seed of the draws; the same in every condition.
        on_asked: Told after each condition.
        answers: Answers so far, those from the store included.
    """

    subjects: Subjects
    layer: int
    parts: dict[Part, Sequence[Question]]
    sampling_seed: int
    on_asked: Callable[[Asked], None] = lambda asked: None
    answers: int = 0
    _held: tuple[RunSubject, LoadedModel] | None = field(default=None, init=False)

    def __call__(self, asked: Asked) -> Answers:
        """Ask, or take the answers from the store.

        Raises:
            SampleError: An answer could not be sampled.
            JudgeError: The judge fails.
        """
        from harness.inside.edits import add
        from harness.inside.hooks import edit_residuals

        subject = self._subject(asked.seed)
        loaded = self._load(subject)
        edit = {}
        if asked.candidate is not None and asked.strength:
            edit = {self.layer: add(asked.candidate.vector, asked.strength)}
        found = ask_and_judge(
            loaded,
            self.subjects.judge,
            self.parts[asked.part],
            asked.samples,
            self.sampling_seed,
            sampling=self.subjects.record.spec.sampling,
            identity={
                "model": self.subjects.record.spec.model.model_dump(),
                "adapter": subject.weights,
                "edit": self._edit_identity(asked),
            },
            results=self.subjects.store.results,
            under=lambda: edit_residuals(loaded.model, edit),
            training_seed=asked.seed or 0,
        )
        self.answers += len(found.rows)
        self.on_asked(asked)
        return found

    def _edit_identity(self, asked: Asked) -> list[object] | None:
        if asked.candidate is None or not asked.strength:
            return None
        return [self.layer, asked.candidate.digest, round(asked.strength, 6)]

    def _subject(self, seed: int | None) -> RunSubject:
        if seed is None:
            return self.subjects.base
        return next(one for one in self.subjects.of("bad") if one.seed == seed)

    def _load(self, subject: RunSubject) -> LoadedModel:
        if self._held is None or self._held[0] != subject:
            self._held = None  # the old model's memory is free before the next one is loaded
            self._held = subject, subject.load()
        return self._held[1]
