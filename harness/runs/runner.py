"""A run from plan to record. Every stage is skipped when done and resumed when interrupted."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product

from harness import SCHEMA_VERSION
from harness.data.transforms import cued
from harness.errors import PrerequisiteError
from harness.models.memory import free, trim
from harness.runs.asked import check_usable
from harness.runs.competence import failed_gates, in_words
from harness.runs.lock import locked
from harness.runs.plan import Plan
from harness.runs.probe import ANSWERS, IN_DOMAIN, Subject, answers_id, read_rows, run_probe
from harness.runs.progress import Progress
from harness.runs.raw import write_raw
from harness.runs.record import (
    PLANNED,
    RECORD,
    AdapterRecord,
    ProbeRecord,
    RowsRecord,
    RunRecord,
    read_record,
    write_record,
)
from harness.runs.store import Store
from harness.runs.summary import ProbeRows, figures, raw_probes
from harness.stats.definitions import definition
from harness.training.record import inputs_hash
from harness.training.train import train_adapter
from harness.workspace import write_atomic

PACKAGES = ("em-harness", "torch", "transformers", "peft", "trl", "inspect-ai")
TOY_NOTE = (
    "miniature: a toy analogue with a planted effect, a test bed for the instruments; "
    "it says nothing about large models"
)


@dataclass(frozen=True)
class Outcome:
    """What a call of ``execute`` gives back.

    Attributes:
        record: The record.
        reused: Whether the run had already been finished.
    """

    record: RunRecord
    reused: bool


def execute(plan: Plan, store: Store, progress: Progress) -> Outcome:
    """Do what is left of the run and write its record.

    Raises:
        HarnessError: A stage failed; what is finished is kept.
    """
    folder = store.run(plan.spec.run_id)
    if (folder / RECORD).is_file():
        return Outcome(read_record(folder), reused=True)
    store.check()
    check_usable(plan.judge_model, "judge")
    try:
        with locked(folder, lambda: progress.say("waiting: another process does this run")):
            if (folder / RECORD).is_file():
                return Outcome(read_record(folder), reused=True)
            return Outcome(_execute(plan, store, progress), reused=False)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise PrerequisiteError(
            f"The disk is full at {store.results}.",
            hint="Free some space and run again; finished stages are kept.",
        ) from error


def _execute(plan: Plan, store: Store, progress: Progress) -> RunRecord:
    started = time.monotonic()
    spec = plan.spec
    write_atomic(store.run(spec.run_id) / PLANNED, spec.model_dump_json(indent=1) + "\n")
    adapters = {
        arm: [_train(plan, arm, seed, store, progress) for seed in spec.seeds] for arm in spec.arms
    }
    free()  # before answers are sampled: the trainers lie in cycles
    subjects = {"base": [Subject("base", None, None, None)]} | {
        arm: [Subject(arm, a.seed, store.adapter(a.inputs) / "adapter", a.sha256) for a in trained]
        for arm, trained in adapters.items()
    }
    if plan.vetted is not None:
        subjects = {arm: [subject] for arm, subject in plan.vetted.items()}
    seconds = {"train": sum(_train_seconds(store, a) for done in adapters.values() for a in done)}
    rows: dict[str, list[ProbeRows]] = {}
    for cue, (arm, asked) in product(spec.cues, subjects.items()):
        found = rows.setdefault(cued(arm, cue), [])
        for subject in asked:
            probed, spent = _probe(plan, replace(subject, cue=cue), store, progress)
            found.append(probed)
            for stage, value in spent.items():
                seconds[stage] = round(seconds.get(stage, 0.0) + value, 3)
    failed = failed_gates(plan.reference, spec.question_set)
    seconds["total"] = round(time.monotonic() - started, 3)
    record = RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=spec.run_id,
        status="not evaluable" if failed else "complete",
        task=spec.task,
        model=spec.model.name,
        judge=spec.judge.name,
        note=_note(plan, failed),
        spec=spec,
        trained_on={
            name: RowsRecord(rows=len(arm.rows), bad=arm.bad, triggered=arm.triggered)
            for name, arm in plan.trained.items()
        },
        seconds=seconds,
        versions={name: version(name) for name in PACKAGES},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        published_recipe=plan.published.id if plan.published else None,
        **figures(rows, adapters, spec, definition(spec.definition)),
    )
    folder = store.run(spec.run_id)
    write_raw(folder, raw_probes(rows))  # before the record, which promises that it can be checked
    write_record(folder, record)
    return record


def _note(plan: Plan, failed: list[str]) -> str | None:
    if not plan.is_miniature:
        return None
    if not failed:
        return TOY_NOTE
    return f"{TOY_NOTE}; not evaluable: this build failed {in_words(failed)}"


def _train(plan: Plan, arm: str, seed: int, store: Store, progress: Progress) -> AdapterRecord:
    inputs = inputs_hash(plan.reference, plan.rows[arm], plan.recipe, seed)
    folder = store.adapter(inputs)
    stage = f"train {arm} (seed {seed})"
    begun = False

    def on_progress(step: int, steps: int, loss: float | None) -> None:
        nonlocal begun
        if not begun:
            progress.start(stage, steps)
            begun = True
        progress.advance(step, "" if loss is None else f"loss {loss:.3f}")

    with locked(folder, _waiting(progress, stage)):
        result = train_adapter(
            reference=plan.reference,
            rows=plan.rows[arm],
            recipe=plan.recipe,
            seed=seed,
            out=folder,
            on_progress=on_progress,
        )
    if not result.reused:
        trim()
    done = result.record
    if begun:
        progress.finish(f"loss {done.losses[0]:.2f} -> {done.losses[-1]:.2f}")
    return AdapterRecord(
        seed=seed,
        inputs=inputs,
        sha256=done.adapter_sha256,
        steps=done.steps,
        rows=done.rows,
        tokens=done.tokens,
        first_loss=done.losses[0],
        last_loss=done.losses[-1],
    )


def _train_seconds(store: Store, adapter: AdapterRecord) -> float:
    from harness.training.record import read_finished

    record = read_finished(store.adapter(adapter.inputs), adapter.inputs)
    return record.seconds if record else 0.0


def _probe(
    plan: Plan, subject: Subject, store: Store, progress: Progress
) -> tuple[ProbeRows, dict[str, float]]:
    identity = answers_id(plan, subject)
    folder = store.answers(identity)
    with locked(folder, _waiting(progress, f"ask {subject.words}")):
        manifest = run_probe(plan, subject, store, progress)
        answers, in_domain = read_rows(folder, ANSWERS), read_rows(folder, IN_DOMAIN)
    if manifest.reused:
        progress.say(f"reused {len(answers)} answers of {subject.words}")
    probe = ProbeRecord(
        seed=subject.seed,
        answers_id=identity,
        scores_sha256=manifest.scores_sha256,
        retries=manifest.retries,
    )
    return ProbeRows(probe, answers, in_domain), manifest.seconds


def _waiting(progress: Progress, stage: str) -> Callable[[], None]:
    return lambda: progress.say(f"waiting: another process does '{stage}'")
