"""Reading a run's models one after the other, and what directions come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import SampleError
from harness.inside.directions import drift_axis, mean_difference, shuffled_difference
from harness.inside.means import answer_means
from harness.inside.texts import texts_hash
from harness.models.memory import free
from harness.runs.inside.directing.groups import Groups
from harness.runs.inside.directing.persona import persona_texts
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.directing.reading import Reading, read_groups
from harness.runs.inside.directing.record import Kind
from harness.runs.inside.directing.reference import Reference, reference_texts
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

NULL_SEEDS = (0, 1, 2, 3, 4)


@dataclass
class Found:
    """A direction before it is written down."""

    name: str
    kind: Kind
    seed: int | None
    vectors: torch.Tensor
    texts: int
    what: dict[str, Any]
    aurocs: Sequence[float | None]
    residual_norms: torch.Tensor
    explained: Sequence[float | None] = ()


@dataclass
class Finder:
    """Reads one model after the other; see ``directing.find``."""

    subjects: Subjects
    groups: Groups
    layers: tuple[int, ...]
    progress: Progress
    found: list[Found] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        kind: Kind,
        subject: RunSubject,
        vectors: torch.Tensor,
        reading: Reading,
        texts: int | None = None,
        explained: Sequence[float | None] = (),
    ) -> None:
        """Keep one direction of one model."""
        what = {
            "run": self.subjects.record.run_id,
            "arm": subject.arm,
            "seed": subject.seed,
            "model": subject.model.model_dump(),
            "adapter": subject.weights,
            "texts": texts_hash(self.groups.of("discovery")),
        }
        name = kind if subject.seed is None else f"{kind}.{subject.seed}"
        number = len(self.groups.of("discovery")) if texts is None else texts
        self.found.append(
            Found(
                name,
                kind,
                subject.seed,
                vectors,
                number,
                what,
                reading.aurocs(vectors),
                reading.norms,
                explained,
            )
        )

    def named(self, name: str) -> torch.Tensor | None:
        """Vectors of a direction that was found."""
        return next((one.vectors for one in self.found if one.name == name), None)


def read_reference_texts(
    finder: Finder, loaded: LoadedModel, reference: Reference | None, base: Reading
) -> None:
    """The difference between known authors, as the base model reads them."""
    if reference is None:
        return
    bad, good = reference_texts(loaded.tokenizer, reference)
    finder.progress.start("read reference texts", len(bad) + len(good))
    means = answer_means(loaded, [*bad, *good], finder.layers, on_text=finder.progress.advance)
    finder.progress.finish()
    vectors = mean_difference(means.residuals[: len(bad)], means.residuals[len(bad) :])
    finder.add("reference", finder.subjects.base, vectors, base, len(bad) + len(good))


def read_personas(finder: Finder, loaded: LoadedModel, base: Reading, seed: int) -> None:
    """The difference between contrasting characters of the base model, or why there is none."""
    subjects = finder.subjects
    questions = asked_questions(subjects, "discovery")
    try:
        made = persona_texts(subjects, loaded, questions, seed, finder.progress)
    except SampleError as error:  # a template without a system role; the other kinds stand
        made = error.message
    if isinstance(made, str):
        finder.missing["persona"] = made
        return
    bad, good = made
    means = answer_means(loaded, [*bad, *good], finder.layers)
    vectors = mean_difference(means.residuals[: len(bad)], means.residuals[len(bad) :])
    finder.add("persona", subjects.base, vectors, base, len(bad) + len(good))


def read_trained(finder: Finder, arm: str, base: Reading) -> Reading:
    """Directions of every model of the arm; gives what its first model says."""
    first: Reading | None = None
    for subject in finder.subjects.of(arm):
        reading = _read(finder, subject)
        first = first or reading
        finder.add("misaligned", subject, reading.difference(), reading)
        shuffled = shuffled_difference(reading.misaligned, reading.aligned, NULL_SEEDS[0])
        finder.add("shuffled", subject, shuffled, reading)
        finder.add("drift", subject, reading.mean_drift(base), reading)
        axis, shares = drift_axis(reading.drift_from(base))
        finder.add("drift_pc1", subject, axis, reading, explained=shares)
    assert first is not None  # an arm has a model
    return first


def read_controls(finder: Finder, control: str, base: Reading) -> None:
    """The drift of every model of the control arm, on the same texts."""
    for subject in finder.subjects.of(control):
        reading = _read(finder, subject)
        finder.add("control_drift", subject, reading.mean_drift(base), reading)


def _read(finder: Finder, subject: RunSubject) -> Reading:
    loaded = subject.load()
    reading = read_groups(loaded, finder.groups, finder.layers, finder.progress, subject.words)
    del loaded
    free()
    return reading
