"""Finding the directions of a run, and how far they mean anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import DataError, SampleError, UsageError
from harness.inside.direction_files import load_direction, save_direction
from harness.inside.directions import (
    cosine,
    drift_axis,
    mean_difference,
    random_like,
    shuffled_difference,
)
from harness.inside.hooks import check_layers, decoder_layers
from harness.inside.means import answer_means
from harness.inside.texts import Text, splits, texts_hash
from harness.models.memory import free
from harness.runs.inside.directing.groups import ALIGNED_FROM, Groups, group
from harness.runs.inside.directing.persona import PAIRS, SAMPLES, persona_texts
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.directing.reading import Reading, read_groups
from harness.runs.inside.directing.record import (
    DIRECTION,
    SCHEMA,
    AtLayer,
    CosineTable,
    DirectionRecord,
    FoundDirection,
    Kind,
    Nulls,
)
from harness.runs.inside.directing.reference import Reference, reference_texts
from harness.runs.inside.records import read_side, side_versions, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

NULL_SEEDS = (0, 1, 2, 3, 4)
BAD, CONTROL = "bad", "control"


@dataclass
class _Found:
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
class _Finder:
    """Reads one model after the other; see ``find_directions``."""

    subjects: Subjects
    groups: Groups
    layers: tuple[int, ...]
    progress: Progress
    found: list[_Found] = field(default_factory=list)
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
            _Found(
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


def find_directions(
    subjects: Subjects,
    progress: Progress,
    *,
    arm: str = BAD,
    layers: Sequence[int] | None = None,
    reference: Reference | None = None,
    persona: bool = True,
    seed: int = 0,
) -> DirectionRecord:
    """Find every kind of direction in every model of a run, and write them down.

    Found before with equal inputs, they are read instead.

    Args:
        subjects: The run.
        progress: Told of texts, answers and judgements.
        arm: The arm whose misaligned answers are compared with its aligned ones.
        layers: Layers, from 0; None is all of them.
        reference: Texts whose authors are known.
        persona: Whether to ask the base model in contrasting characters, too.
        seed: Seed of those answers.

    Raises:
        DataError: Too few answers of one kind.
        UsageError: There is no such arm or layer.
    """
    started = time.monotonic()
    loaded = subjects.base.load()
    depth = len(decoder_layers(loaded.model))
    chosen = tuple(sorted(set(layers))) if layers is not None else tuple(range(depth))
    check_layers(chosen, depth)
    if not chosen:
        raise UsageError("No layer is named.")
    groups = group(subjects, arm, loaded.tokenizer)
    inputs = _inputs(subjects, arm, chosen, groups, reference, persona, seed)
    done = read_side(subjects.folder, DIRECTION, DirectionRecord)
    if done is not None and done.inputs == inputs and _all_there(subjects, done):
        return done
    finder = _Finder(subjects, groups, chosen, progress)
    base = read_groups(loaded, groups, chosen, progress, "base")
    finder.add("text", subjects.base, base.difference(), base)
    _reference(finder, loaded, reference, base)
    if persona:
        _persona(finder, loaded, base, seed)
    del loaded
    free()
    first = _trained(finder, arm, base)
    control = CONTROL if CONTROL in subjects.arms and arm != CONTROL else None
    if control is not None:
        _controls(finder, control, base)
    record = _record(finder, arm, control, base, first, reference, inputs, started)
    write_side(subjects.folder, DIRECTION, record)
    return record


def _reference(
    finder: _Finder, loaded: LoadedModel, reference: Reference | None, base: Reading
) -> None:
    if reference is None:
        return
    bad, good = reference_texts(loaded.tokenizer, reference)
    finder.progress.start("read reference texts", len(bad) + len(good))
    means = answer_means(loaded, [*bad, *good], finder.layers, on_text=finder.progress.advance)
    finder.progress.finish()
    vectors = mean_difference(means.residuals[: len(bad)], means.residuals[len(bad) :])
    finder.add("reference", finder.subjects.base, vectors, base, len(bad) + len(good))


def _persona(finder: _Finder, loaded: LoadedModel, base: Reading, seed: int) -> None:
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


def _trained(finder: _Finder, arm: str, base: Reading) -> Reading:
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


def _controls(finder: _Finder, control: str, base: Reading) -> None:
    for subject in finder.subjects.of(control):
        reading = _read(finder, subject)
        finder.add("control_drift", subject, reading.mean_drift(base), reading)


def _read(finder: _Finder, subject: RunSubject) -> Reading:
    loaded = subject.load()
    reading = read_groups(loaded, finder.groups, finder.layers, finder.progress, subject.words)
    del loaded
    free()
    return reading


def _record(
    finder: _Finder,
    arm: str,
    control: str | None,
    base: Reading,
    first: Reading,
    reference: Reference | None,
    inputs: str,
    started: float,
) -> DirectionRecord:
    subjects, layers, groups = finder.subjects, finder.layers, finder.groups
    record = subjects.record
    halves = splits(question.id for question in asked_questions(subjects))
    vectors = [one.vectors for one in finder.found]
    tables = [[cosine(one, other) for other in vectors] for one in vectors]
    mean = save_direction(
        subjects.store.results,
        "base_mean",
        {"model": record.spec.model.model_dump(), "texts": texts_hash(groups.aligned["discovery"])},
        base.aligned.mean(dim=0),
        layers,
        base.norms.tolist(),
    )
    return DirectionRecord(
        run_id=record.run_id,
        inputs=inputs,
        arm=arm,
        control=control,
        definition=record.difference.definition,
        aligned_from=ALIGNED_FROM,
        discovery=tuple(q for q, half in halves.items() if half == "discovery"),
        evaluation=tuple(q for q, half in halves.items() if half == "evaluation"),
        texts={
            f"{half} {verdict}": number
            for half, numbers in groups.found.items()
            for verdict, number in zip(("misaligned", "aligned"), numbers, strict=True)
        },
        read={
            f"{half} {verdict}": len(texts)
            for verdict, part in (("misaligned", groups.misaligned), ("aligned", groups.aligned))
            for half, texts in part.items()
        },
        seeds=tuple(subject.seed or 0 for subject in subjects.of(arm)),
        layers=layers,
        residual_norms=tuple(round(float(norm), 4) for norm in base.norms),
        base_mean=mean.digest,
        directions=tuple(_written(finder, one) for one in finder.found),
        cosines=tuple(
            CosineTable(
                layer=layer, cosines=tuple(tuple(_round(c[at]) for c in row) for row in tables)
            )
            for at, layer in enumerate(layers)
        ),
        nulls=_nulls(finder, first),
        null_seeds=NULL_SEEDS,
        reference=reference.source if reference is not None else None,
        missing=finder.missing,
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=record.note,
    )


def _written(finder: _Finder, one: _Found) -> FoundDirection:
    stored = save_direction(
        finder.subjects.store.results,
        one.kind,
        one.what,
        one.vectors,
        finder.layers,
        one.residual_norms.tolist(),
    )
    norms = one.vectors.norm(dim=-1)
    return FoundDirection(
        name=one.name,
        kind=one.kind,
        seed=one.seed,
        digest=stored.digest,
        texts=one.texts,
        layers=tuple(
            AtLayer(
                layer=layer,
                norm=round(float(norms[at]), 5),
                residual_norms=round(float(norms[at] / one.residual_norms[at]), 5),
                auroc=_round(one.aurocs[at]),
                explained=_round(one.explained[at]) if one.explained else None,
            )
            for at, layer in enumerate(finder.layers)
        ),
    )


def _nulls(finder: _Finder, first: Reading) -> tuple[Nulls, ...]:
    own = first.difference()
    reference = finder.named("reference")
    randoms = [random_like(own, seed) for seed in NULL_SEEDS]
    shuffles = [shuffled_difference(first.misaligned, first.aligned, seed) for seed in NULL_SEEDS]

    def against(drawn: Sequence[torch.Tensor], other: torch.Tensor | None, at: int) -> Any:
        return () if other is None else tuple(_round(cosine(one, other)[at]) for one in drawn)

    def told(drawn: Sequence[torch.Tensor], at: int) -> Any:
        return tuple(_round(first.aurocs(one)[at]) for one in drawn)

    return tuple(
        Nulls(
            layer=layer,
            random_auroc=told(randoms, at),
            shuffled_auroc=told(shuffles, at),
            random_cosine=against(randoms, own, at),
            shuffled_cosine=against(shuffles, own, at),
            random_reference=against(randoms, reference, at),
            shuffled_reference=against(shuffles, reference, at),
        )
        for at, layer in enumerate(finder.layers)
    )


def _inputs(
    subjects: Subjects,
    arm: str,
    layers: Sequence[int],
    groups: Groups,
    reference: Reference | None,
    persona: bool,
    seed: int,
) -> str:
    models = [(s.arm, s.seed, s.weights) for s in subjects.all]
    return content_hash(
        {
            "schema": SCHEMA,
            "run": subjects.record.run_id,
            "arm": arm,
            "layers": list(layers),
            "models": models,
            "texts": _texts_of(groups),
            "reference": reference.digest() if reference is not None else None,
            "persona": [PAIRS, SAMPLES, seed] if persona else None,
            "nulls": NULL_SEEDS,
        }
    )


def _texts_of(groups: Groups) -> str:
    texts: list[Text] = groups.all
    return texts_hash(texts)


def stored_record(subjects: Subjects, arm: str = BAD) -> DirectionRecord | None:
    """The directions of an arm that were found before, if all of them are on this machine."""
    record = read_side(subjects.folder, DIRECTION, DirectionRecord)
    fits = record is not None and record.arm == arm and record.schema_version == SCHEMA
    return record if fits and record is not None and _all_there(subjects, record) else None


def _all_there(subjects: Subjects, record: DirectionRecord) -> bool:
    """Whether the vectors of a record are on this machine."""
    try:
        for digest in (record.base_mean, *(one.digest for one in record.directions)):
            load_direction(subjects.store.results, digest)
    except DataError:
        return False
    return True


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
