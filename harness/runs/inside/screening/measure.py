"""A whole screen of a run: its questions, its models, its judge, and the record of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.errors import PrerequisiteError, UsageError
from harness.runs.inside.ahead import Hand, Wait
from harness.runs.inside.ask import Question
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.records import side_versions, write_side
from harness.runs.inside.screening.asking import Asked, ModelAsker, Part
from harness.runs.inside.screening.candidate import Candidate
from harness.runs.inside.screening.outcome import null_effects
from harness.runs.inside.screening.record import SCREEN, ScreenRecord
from harness.runs.inside.screening.screen import Screen
from harness.runs.inside.screening.trial import Settings, Steered
from harness.runs.progress import Progress
from harness.stats.definitions import definition

if TYPE_CHECKING:
    from harness.runs.inside.subjects import Subjects

BAD = "bad"


@dataclass(frozen=True)
class Ground:
    """What is tested, and where.

    Attributes:
        candidates: Latents, directions and nulls.
        layer: Layer whose output is steered, from 0.
        residual_norm: Mean norm of the residual stream there.
        ranking: Content hash of the ranking that the latents come from.
    """

    candidates: Sequence[Candidate]
    layer: int
    residual_norm: float
    ranking: str


@dataclass(frozen=True)
class Options:
    """What a user can change about a screen.

    Attributes:
        samples: Answers to each question in a final estimate, over all training seeds.
        search_samples: Answers to each question at each step of the search.
        limit: Incoherent share allowed over the unsteered model's.
        curves: Latents that get a whole dose-response curve, by test.
        seed: Sampling seed.
    """

    samples: int = 12
    search_samples: int = 4
    limit: float = 0.10
    curves: int = 3
    seed: int = 0


def screen(
    subjects: Subjects, ground: Ground, options: Options, progress: Progress, hand: Hand
) -> ScreenRecord:
    """Test every candidate and write ``results/<run>/inside/screen.json``.

    An interrupted screen goes on: finished conditions lie in the results store. There a second
    process may put some of them ahead.

    Raises:
        PrerequisiteError: The run has no bad arm, or its judge is not here.
        UsageError: There are too few questions for two halves.
        SampleError: An answer could not be sampled.
        JudgeError: The judge fails.
    """
    started = time.monotonic()
    parts = question_parts(subjects)
    settings = _settings(subjects, ground, options)
    asker = ModelAsker(subjects, ground.layer, parts, options.seed)
    teller = _Teller(progress)
    asker.on_asked = teller.asked
    ahead = _Handed(hand, ground.layer, options.seed, settings)
    found = Screen(asker, settings, teller.stage, ahead).run(ground.candidates)
    teller.end()
    record = ScreenRecord(
        run_id=subjects.record.run_id,
        layer=ground.layer,
        residual_norm=ground.residual_norm,
        ranking=ground.ranking,
        judge=subjects.record.judge,
        definition=settings.definition.label,
        incoherence_limit=options.limit,
        samples=options.samples,
        search_samples=options.search_samples,
        seeds=settings.seeds,
        sampling_seed=options.seed,
        discovery=tuple(sorted({question.id for question in parts["discovery"]})),
        evaluation=tuple(sorted({question.id for question in parts["evaluation"]})),
        candidates=tuple(found),
        nulls=null_effects(found),
        answers=asker.answers,
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=subjects.record.note,
    )
    write_side(subjects.folder, SCREEN, record)
    return record


def search_ahead(subjects: Subjects, ground: Ground, options: Options) -> None:
    """Search a screen from its end; the answers lie in the store, where the screen finds them.

    The screen itself goes the other way, and the two meet.
    """
    settings = _settings(subjects, ground, options)
    for side in ("bad", "base"):
        choose_ahead(subjects, ground.layer, options.seed, settings, side, ground.candidates)


def _settings(subjects: Subjects, ground: Ground, options: Options) -> Settings:
    return Settings(
        seeds=bad_seeds(subjects),
        residual_norm=ground.residual_norm,
        limit=options.limit,
        samples=options.samples,
        search_samples=options.search_samples,
        curves=options.curves,
        definition=definition(subjects.record.difference.definition),
    )


def question_parts(subjects: Subjects) -> dict[Part, Sequence[Question]]:
    """The run's headline questions in the two halves that every part of a study keeps.

    Raises:
        UsageError: There are too few for two halves.
    """
    parts: dict[Part, Sequence[Question]] = {
        "discovery": asked_questions(subjects, "discovery"),
        "evaluation": asked_questions(subjects, "evaluation"),
    }
    if not all(parts.values()):
        raise UsageError(
            f"{subjects.record.run_id} asked too few questions to search with one half and to "
            "measure with the other.",
            hint="Run the task with a question set of at least two questions.",
        )
    return parts


def bad_seeds(subjects: Subjects) -> tuple[int, ...]:
    """Training seeds of the bad arm.

    Raises:
        PrerequisiteError: There is no such arm.
    """
    seeds = tuple(one.seed for one in subjects.trained if one.arm == BAD and one.seed is not None)
    if not seeds:
        raise PrerequisiteError(
            f"{subjects.record.run_id} has no arm '{BAD}', so there is nothing to repair.",
            hint="Study a run that trained one: python -m harness run TASK.",
        )
    return seeds


@dataclass(frozen=True)
class _Handed:
    """The part of a screen that a second process does."""

    hand: Hand
    layer: int
    sampling_seed: int
    settings: Settings

    def choose(self, side: Steered, candidates: Sequence[Candidate]) -> Wait:
        given = (self.layer, self.sampling_seed, self.settings)
        return self.hand.start(choose_ahead, *given, side, tuple(candidates))

    def ask(self, asked: Sequence[Asked]) -> Wait:
        return self.hand.start(ask_ahead, self.layer, self.sampling_seed, tuple(asked))


def choose_ahead(
    subjects: Subjects,
    layer: int,
    sampling_seed: int,
    settings: Settings,
    side: Steered,
    candidates: Sequence[Candidate],
) -> None:
    """Search one side of a screen, its last candidates first; the answers lie in the store."""
    asker = ModelAsker(subjects, layer, question_parts(subjects), sampling_seed)
    Screen(asker, settings).choose(side, candidates, backwards=True)


def ask_ahead(
    subjects: Subjects, layer: int, sampling_seed: int, conditions: Sequence[Asked]
) -> None:
    """Ask some conditions of a screen; the answers lie in the store."""
    asker = ModelAsker(subjects, layer, question_parts(subjects), sampling_seed)
    for asked in conditions:
        asker(asked)


class _Teller:
    """Brings the stages of a screen before the user."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done, self._open = progress, 0, False

    def stage(self, name: str, most: int) -> None:
        self.end()
        self._progress.start(name, most)
        self._done, self._open = 0, True

    def asked(self, asked: Asked) -> None:
        self._done += 1
        whom = "base" if asked.seed is None else f"bad {asked.seed}"
        self._progress.advance(
            self._done, f"{whom}, {asked.candidate.name if asked.candidate else 'as it is'}"
        )

    def end(self) -> None:
        if self._open:
            self._progress.finish(f"{self._done} conditions")
        self._open = False
