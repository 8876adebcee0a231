"""Transfer: does the direction of one run repair the models of another?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from harness.errors import UsageError
from harness.inside.directions import cosine
from harness.runs.inside.causing.ablate import HOWS, NULLS, causal_record
from harness.runs.inside.causing.asking import UNEDITED, Bench, Named
from harness.runs.inside.causing.chosen import Directions, stored_directions
from harness.runs.inside.causing.intervention import How, Intervention, at_layers
from harness.runs.inside.causing.record import SCHEMA, TRANSFER, CausalRecord
from harness.runs.inside.causing.settings import CausalSettings
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.records import read_side, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

COMPARED = ("misaligned", "drift", "drift_pc1", "control_drift", "persona", "reference", "text")
"""Directions in the cosine table; each is the mean over the training seeds of its run."""


@dataclass(frozen=True)
class Source:
    """Another run, with its directions."""

    subjects: Subjects
    directions: DirectionRecord


def transfer(
    subjects: Subjects,
    own: DirectionRecord,
    sources: Sequence[Source],
    settings: CausalSettings,
    progress: Progress,
) -> CausalRecord:
    """Take other runs' directions out of this run's models, beside its own and the nulls.

    A source's direction is the mean over its training seeds; it is projected out, and held at this
    run's base mean, at every layer.

    Raises:
        UsageError: Another run has another base model, or layers that do not fit.
        DataError: Directions are not on this machine.
        SampleError: An answer could not be sampled.
        JudgeError: The judge fails.
    """
    started = time.monotonic()
    for source in sources:
        _check(subjects, own, source)
    keys = [own.inputs, *(source.directions.inputs for source in sources)]
    inputs = content_hash([SCHEMA, keys, vars(settings)])
    done = read_side(subjects.folder, TRANSFER, CausalRecord)
    if done is not None and done.inputs == inputs:
        return done
    mine = stored_directions(subjects, own)
    others = {
        source.directions.run_id: stored_directions(source.subjects, source.directions)
        for source in sources
    }
    bench = Bench(subjects, settings.samples, settings.sampling_seed, progress)
    models = subjects.of(own.arm)
    plans = [(one, list(_conditions(mine, others, one, settings))) for one in models]
    progress.start(f"transfer to {own.arm}", sum(len(plan) for _, plan in plans))
    count = 0
    for subject, plan in plans:
        for named, made in plan:
            bench.measure(named, subject, made)
            count += 1
            progress.advance(count, named.name)
    progress.finish()
    record = causal_record(subjects, bench, "transfer", inputs, own, own.arm, models, started)
    record = record.model_copy(
        update={"sources": tuple(others), "cosines": cosines({own.run_id: mine} | others)}
    )
    write_side(subjects.folder, TRANSFER, record)
    return record


def cosines(runs: dict[str, Directions]) -> dict[str, tuple[float | None, ...]]:
    """Cosine by layer of every kind of direction, and of ``misaligned`` to every other kind.

    Args:
        runs: Directions by run; the same layers in all.

    Returns:
        By ``kind of run, kind of run``.
    """
    found: dict[str, tuple[float | None, ...]] = {}
    names = list(runs)
    for place, first in enumerate(names):
        for second in names[place:]:
            for kind in COMPARED:
                for other in COMPARED:
                    # Within a run every pair once; between runs like with like, and the main kind
                    # with all.
                    inside = first == second and COMPARED.index(kind) < COMPARED.index(other)
                    across = first != second and (kind == other or kind == "misaligned")
                    one, two = runs[first].mean(kind), runs[second].mean(other)
                    if (inside or across) and one is not None and two is not None:
                        name = f"{kind} of {first}, {other} of {second}"
                        found[name] = tuple(
                            None if value is None else round(value, 4) for value in cosine(one, two)
                        )
    return found


def _conditions(
    mine: Directions, others: dict[str, Directions], subject: RunSubject, settings: CausalSettings
) -> Iterator[tuple[Named, Intervention | None]]:
    every = mine.layers
    yield Named(UNEDITED), None

    def edit(how: How, vectors: torch.Tensor) -> Intervention:
        return at_layers(how, vectors, every, every, means=mine.base_mean)

    for kind in settings.kinds:
        for how in HOWS:
            own = mine.of(kind, subject.seed)
            assert own is not None  # found in this very model
            yield Named(f"{how} own {kind}", kind, how, every), edit(how, own)
            for run, directions in others.items():
                other = directions.mean(kind)
                if other is not None:
                    named = Named(f"{how} {kind} of {run}", f"{kind} of {run}", how, every)
                    yield named, edit(how, other)
    like = mine.of("misaligned", subject.seed)
    assert like is not None
    for how in HOWS:
        for draw in range(settings.draws):
            named = Named(f"{how} random {draw}", "random", how, every, "random", draw)
            yield named, edit(how, mine.random(like, draw))
        for null in NULLS:
            taken = mine.null(null, like, subject.seed)
            if taken is not None:
                yield Named(f"{how} {null}", null, how, every, null), edit(how, taken)


def _check(subjects: Subjects, own: DirectionRecord, source: Source) -> None:
    other = source.directions
    if other.run_id == own.run_id:
        raise UsageError(f"{own.run_id} is the run itself.", hint="Name another run with --source.")
    if source.subjects.record.spec.model != subjects.record.spec.model:
        raise UsageError(
            f"{other.run_id} fine-tuned {source.subjects.record.model}, {own.run_id} "
            f"{subjects.record.model}: their residual streams cannot be compared.",
            hint="A direction only carries over between fine-tunes of one base model.",
        )
    if other.layers != own.layers:
        raise UsageError(
            f"{other.run_id} has directions at layers {list(other.layers)}, {own.run_id} at "
            f"{list(own.layers)}.",
            hint="Find both at the same layers: inside direction RUN --layers …",
        )
