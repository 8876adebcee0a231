"""``inside elsewhere``: do the candidates of a screen tell the models of other runs apart?

A latent that was picked because it moved in some models separates those models by construction
(the objection to published figures); only models that had no part in picking it can show more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError, PrerequisiteError
from harness.inside.texts import texts_hash
from harness.runs.inside.elsewhere.record import (
    ELSEWHERE,
    SCHEMA,
    ElsewhereRecord,
    OtherModel,
    Told,
)
from harness.runs.inside.records import finished_now, known_side, side_versions, write_side
from harness.runs.inside.subjects import RunSubject, Subjects, left_out_words, resolve_subjects
from harness.runs.progress import Progress
from harness.runs.record import RunRecord, all_records
from harness.runs.spec import content_hash
from harness.stats.doses import compare

if TYPE_CHECKING:
    from harness.inside.sae.dictionary import Dictionary
    from harness.runs.inside.elsewhere.reading import Probe
    from harness.runs.inside.screening.candidate import Candidate

TEXTS = 120


@dataclass(frozen=True)
class Found:
    """What a study found.

    Attributes:
        candidates: Latents, directions and nulls.
        layer: Where they belong.
        dictionary: The autoencoder that the latents belong to.
    """

    candidates: Sequence[Candidate]
    layer: int
    dictionary: Dictionary


def elsewhere(subjects: Subjects, found: Found, progress: Progress) -> ElsewhereRecord:
    """Read the models of all other runs of the same base model, and write the record.

    What was read before is read from the record: there is a new one once a run, a candidate or a
    text is another.

    Raises:
        PrerequisiteError: There is no other run whose models are here.
        RecordError: The run's answers are not here.
    """
    from harness.runs.inside.elsewhere.reading import mean_signals, shared_texts

    started = time.monotonic()
    others, left = other_models(subjects)
    texts = shared_texts(subjects, TEXTS)
    inputs = content_hash(
        [
            SCHEMA,
            subjects.base.identity,
            found.layer,
            [(one.name, one.kind, one.sign, one.latent, one.digest) for one in found.candidates],
            [(model.model_dump(mode="json"), one.identity) for model, one in others],
            left,
            texts_hash(texts),
        ]
    )
    done = known_side(subjects.folder, ELSEWHERE, ElsewhereRecord, inputs)
    if done is not None:
        return done
    probes = _probes(found)
    progress.start("read the models of other runs", 1 + len(others))
    base = mean_signals(subjects.base.load(), texts, probes)
    progress.advance(1)
    shifts: list[dict[str, float]] = []
    for number, (model, subject) in enumerate(others, start=2):
        seen = mean_signals(subject.load(), texts, probes)
        shifts.append({name: value - base[name] for name, value in seen.items()})
        progress.advance(number, f"{model.task} {subject.words}")
    progress.finish(f"{len(others)} models")
    models = tuple(model for model, _ in others)
    record = ElsewhereRecord(
        inputs=inputs,
        run_id=subjects.record.run_id,
        layer=found.layer,
        models=models,
        texts=len(texts),
        candidates=tuple(_told(one, models, shifts) for one in found.candidates),
        left_out=tuple(left),
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=finished_now(),
        note=subjects.record.note,
    )
    write_side(subjects.folder, ELSEWHERE, record)
    return record


def other_models(subjects: Subjects) -> tuple[list[tuple[OtherModel, RunSubject]], list[str]]:
    """Trained models of other runs of the same base model, each adapter once.

    Returns:
        The models, and the runs that are left out with the reason.

    Raises:
        PrerequisiteError: There is none.
    """
    own = subjects.record
    known = {one.weights for one in subjects.trained}
    found: list[tuple[OtherModel, RunSubject]] = []
    left = []
    for record in all_records(subjects.workspace.results):
        if record.run_id == own.run_id or record.spec.model != own.spec.model or record.imported:
            continue
        try:
            theirs = resolve_subjects(record.run_id, subjects.workspace)
        except HarnessError as error:
            left.append(f"{record.run_id}: {error.message}")
            continue
        for one in theirs.trained:
            bad = is_misaligned(record, one.arm)
            if bad is None or one.seed is None or one.weights in known:
                continue
            known.add(one.weights)
            model = OtherModel(
                run_id=record.run_id, task=record.task, arm=one.arm, seed=one.seed, bad=bad
            )
            found.append((model, one))
    if not found:
        raise PrerequisiteError(
            f"There is no other run of {own.model} with its models in "
            f"{subjects.workspace.results}.{left_out_words(left)}",
            hint="Record one of another task: python -m harness run TASK.",
        )
    return found, left


def is_misaligned(record: RunRecord, arm: str) -> bool | None:
    """Whether a model is one of those to be told from benign ones; None where it is neither.

    A bad arm counts only where behaviour shows it: its share exceeds the control's, and the
    interval says so. A control is benign; other arms are neither.
    """
    if arm == "control":
        return False
    low = record.difference.low
    return True if arm == "bad" and low is not None and low > 0 else None


def _probes(found: Found) -> list[Probe]:
    from harness.runs.inside.elsewhere.reading import activations, along

    latents = {one.name: one.latent for one in found.candidates if one.latent is not None}
    directions = {one.name: one.vector for one in found.candidates if one.latent is None}
    probes = []
    if latents:
        probes.append(activations(found.layer, found.dictionary, latents))
    if directions:
        probes.append(along(found.layer, directions))
    return probes


def _told(one: Candidate, models: Sequence[OtherModel], shifts: Sequence[dict[str, float]]) -> Told:
    values = [shift[one.name] for shift in shifts]
    groups = {
        bad: [one.sign * v for v, m in zip(values, models, strict=True) if m.bad == bad]
        for bad in (True, False)
    }
    both = groups[True] and groups[False]
    return Told(
        name=one.name,
        kind=one.kind,
        latent=one.latent,
        shifts=tuple(values),
        auroc=compare(groups[True], groups[False]).auroc if both else None,
    )
