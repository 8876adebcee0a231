"""Finding the directions of a run, and how far they mean anything."""

from __future__ import annotations

import time
from collections.abc import Sequence

from harness.errors import DataError, UsageError
from harness.inside.direction_files import load_direction
from harness.inside.hooks import check_layers, decoder_layers
from harness.inside.texts import texts_hash
from harness.models.memory import free
from harness.runs.inside.directing.finder import (
    NULL_SEEDS,
    Finder,
    read_controls,
    read_personas,
    read_reference_texts,
    read_trained,
)
from harness.runs.inside.directing.groups import Groups, group
from harness.runs.inside.directing.persona import PAIRS, SAMPLES
from harness.runs.inside.directing.reading import read_groups
from harness.runs.inside.directing.record import DIRECTION, SCHEMA, DirectionRecord
from harness.runs.inside.directing.reference import Reference
from harness.runs.inside.directing.writing import make_record
from harness.runs.inside.records import read_side, write_side
from harness.runs.inside.subjects import Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

BAD, CONTROL = "bad", "control"


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
    finder = Finder(subjects, groups, chosen, progress)
    base = read_groups(loaded, groups, chosen, progress, "base")
    finder.add("text", subjects.base, base.difference(), base)
    read_reference_texts(finder, loaded, reference, base)
    if persona:
        read_personas(finder, loaded, base, seed)
    del loaded
    free()
    first = read_trained(finder, arm, base)
    control = CONTROL if CONTROL in subjects.arms and arm != CONTROL else None
    if control is not None:
        read_controls(finder, control, base)
    record = make_record(finder, arm, control, base, first, reference, inputs, started)
    write_side(subjects.folder, DIRECTION, record)
    return record


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
            "texts": texts_hash(groups.all),
            "reference": reference.digest() if reference is not None else None,
            "persona": [PAIRS, SAMPLES, seed] if persona else None,
            "nulls": NULL_SEEDS,
        }
    )


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
