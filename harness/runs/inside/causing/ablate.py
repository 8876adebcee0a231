"""Ablation: does the bad arm still answer misaligned without its direction?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch

from harness.runs.inside.causing.asking import UNEDITED, Bench, Named
from harness.runs.inside.causing.chosen import Directions, stored_directions
from harness.runs.inside.causing.intervention import How, Intervention, at_layers
from harness.runs.inside.causing.record import ABLATE, SCHEMA, CausalRecord, Null, Verb
from harness.runs.inside.causing.settings import CausalSettings
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.records import finished_now, read_side, side_versions, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

HOWS: tuple[How, ...] = ("remove", "hold")
NULLS: tuple[Null, ...] = ("shuffled", "control_drift")
SINGLE = 2
"""Most layers that are ablated one at a time; evenly spaced, the last one among them."""


def ablate(
    subjects: Subjects,
    directions: DirectionRecord,
    settings: CausalSettings,
    progress: Progress,
) -> CausalRecord:
    """Take each direction out of the models it was found in and ask the evaluation questions.

    Every direction is projected out, and held at the base model's mean, at every layer; and held
    at one layer at a time. Nulls are treated in the same way at every layer.

    Raises:
        DataError: The directions are not on this machine.
        SampleError: An answer could not be sampled.
        JudgeError: The judge fails.
    """
    started = time.monotonic()
    inputs = content_hash([SCHEMA, directions.inputs, vars(settings), SINGLE])
    done = read_side(subjects.folder, ABLATE, CausalRecord)
    if done is not None and done.inputs == inputs:
        return done
    found = stored_directions(subjects, directions)
    bench = Bench(subjects, settings.samples, settings.sampling_seed, progress)
    models = subjects.of(directions.arm)
    plans = [(subject, list(conditions(found, subject, settings))) for subject in models]
    progress.start(f"ablate {directions.arm}", sum(len(plan) for _, plan in plans))
    count = 0
    for subject, plan in plans:
        for named, made in plan:
            bench.measure(named, subject, made)
            count += 1
            progress.advance(count, named.name)
    progress.finish()
    record = causal_record(
        subjects, bench, "ablate", inputs, directions, directions.arm, models, started
    )
    write_side(subjects.folder, ABLATE, record)
    return record


def conditions(
    found: Directions, subject: RunSubject, settings: CausalSettings
) -> Iterator[tuple[Named, Intervention | None]]:
    """Everything one model is asked under."""
    yield Named(UNEDITED), None
    every = found.layers
    for kind in settings.kinds:
        vectors = found.of(kind, subject.seed)
        assert vectors is not None  # found in this very model
        for how in HOWS:
            yield _named(found, kind, how, every), _edit(found, how, vectors, every)
        for layer in single_layers(every) if len(every) > 1 else ():
            for how in HOWS:
                yield _named(found, kind, how, (layer,)), _edit(found, how, vectors, (layer,))
    like = found.of("misaligned", subject.seed)
    assert like is not None
    for how in HOWS:
        for draw in range(settings.draws):
            vectors = found.random(like, draw)
            named = _null(found, "random", how, draw)
            yield named, _edit(found, how, vectors, every)
        for null in NULLS:
            taken = found.null(null, like, subject.seed)
            if taken is not None:
                yield _null(found, null, how, None), _edit(found, how, taken, every)


def single_layers(layers: Sequence[int], most: int = SINGLE) -> tuple[int, ...]:
    """At most so many of them, evenly spaced, with the last."""
    if len(layers) <= most:
        return tuple(layers)
    last = len(layers) - 1
    return tuple(layers[round(last * (i + 1) / most)] for i in range(most))


def causal_record(
    subjects: Subjects,
    bench: Bench,
    verb: Verb,
    inputs: str,
    directions: DirectionRecord,
    edited: str,
    models: Sequence[RunSubject],
    started: float,
) -> CausalRecord:
    """The record of what a bench has measured."""
    record = subjects.record
    return CausalRecord(
        run_id=record.run_id,
        verb=verb,
        inputs=inputs,
        directions=directions.inputs,
        edited=edited,
        definition=record.difference.definition,
        judge=record.judge,
        samples=bench.samples,
        seeds=tuple(subject.seed for subject in models if subject.seed is not None),
        sampling_seed=bench.seed,
        evaluation=tuple(question.id for question in asked_questions(subjects, "evaluation")),
        conditions=bench.conditions(),
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=finished_now(),
        note=record.note,
    )


def known_causal(subjects: Subjects, name: str, directions: DirectionRecord) -> CausalRecord | None:
    """What was measured with these directions before, however much was asked."""
    done = read_side(subjects.folder, name, CausalRecord)
    return done if done is not None and done.directions == directions.inputs else None


def _edit(found: Directions, how: How, vectors: torch.Tensor, at: Sequence[int]) -> Intervention:
    return at_layers(how, vectors, found.layers, at, means=found.base_mean)


def _named(found: Directions, kind: str, how: How, at: tuple[int, ...]) -> Named:
    return Named(f"{how} {kind} at {found.place(at)}", kind, how, at)


def _null(found: Directions, null: Null, how: How, draw: int | None) -> Named:
    number = "" if draw is None else f" {draw}"
    name = f"{how} {null}{number} at {found.place(found.layers)}"
    return Named(name, null, how, found.layers, null, draw)
