"""Running every instrument on a run's models, one after the other, resumable.

What an instrument finished is kept beside the run or in the results store, so a killed suite goes
on where it was. One that does not apply is reported with its reason and stops nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import DataError, HarnessError, NotEvaluableError, PrerequisiteError
from harness.runs.inside.subjects import Subjects, resolve_subjects
from harness.runs.instruments import readable_instruments
from harness.runs.progress import Progress
from harness.runs.record import RunRecord, find_run, read_record
from harness.runs.store import Store
from harness.runs.suite.record import SUITE, StepRecord, SuiteRecord, beside, from_run, shown
from harness.runs.suite.steps import Step, out_of_place
from harness.workspace import Workspace, write_atomic

DOES_NOT_APPLY = (PrerequisiteError, DataError, NotEvaluableError)
"""What an instrument raises where it has nothing to measure: a model that never thinks, samples
that cannot be used, a judge that is not here."""


@dataclass
class _Clock:
    """What is left, by the rough cost of each step and the speed of those that did work."""

    progress: Progress
    models: int
    spent: float = 0.0
    guessed: float = 0.0

    def begin(self, place: int, steps: Sequence[Step]) -> None:
        left = self.models * sum(step.seconds for step in steps[place - 1 :])
        speed = self.spent / self.guessed if self.guessed else 1.0
        name = steps[place - 1].name
        self.progress.say(f"suite {place}/{len(steps)}: {name}, about {left * speed:.0f} s left")

    def end(self, step: Step, found: StepRecord) -> None:
        if found.status == "measured":
            self.spent += found.seconds
            self.guessed += self.models * step.seconds


def run_suite(
    run: str, steps: Sequence[Step], workspace: Workspace, progress: Progress
) -> SuiteRecord:
    """Run the instruments and write ``suite.json`` beside the run.

    Args:
        run: Id of the run, or its beginning or end.
        steps: Which instruments.
        workspace: Its results folder is searched.
        progress: Told what is going on, with the time left.

    Raises:
        RecordError: No run, or several, match, or the record is broken.
        PrerequisiteError: The run's models are not on this machine, or are others now.
    """
    started = time.monotonic()
    folder = find_run(run, workspace.results)
    record = read_record(folder)
    reasons = {step.name: out_of_place(step, record) for step in steps}
    todo = [step for step in steps if step.measured_by and reasons[step.name] is None]
    store = Store(workspace.results)
    subjects, unreachable = None, None
    if todo:
        store.check()
        try:
            subjects = resolve_subjects(record.run_id, workspace)
        except PrerequisiteError as error:
            if not _is_remote(record, workspace):
                raise
            unreachable = error.message
    found: dict[str, StepRecord] = {}
    clock = _Clock(progress, len(subjects.all) if subjects else 0)
    for step in steps:
        reason = reasons[step.name] or (unreachable if step.measured_by else None)
        if reason is not None:
            found[step.name] = StepRecord(status="null", reason=reason)
        elif step.measured_by is None:
            found[step.name] = StepRecord(
                status="in the record", measures=from_run(step.name, record)
            )
        else:
            assert subjects is not None
            clock.begin(todo.index(step) + 1, todo)
            found[step.name] = _measure(step, subjects, store, progress)
            clock.end(step, found[step.name])
    suite = SuiteRecord(
        run_id=record.run_id,
        instruments=found,
        seconds=round(time.monotonic() - started, 3),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_atomic(folder / SUITE, beside(suite, folder).model_dump_json(indent=1) + "\n")
    return suite


def _measure(step: Step, subjects: Subjects, store: Store, progress: Progress) -> StepRecord:
    started = time.monotonic()
    before = _written(subjects.folder, step.name)
    try:
        record = step.measure()(subjects, store, progress)
    except DOES_NOT_APPLY as error:
        progress.say(f"{step.name}: not measured: {error.message}")
        return StepRecord(status="null", reason=_reason(error), seconds=_since(started))
    except HarnessError as error:
        progress.say(f"{step.name}: failed: {error.message}")
        return StepRecord(status="failed", reason=_reason(error), seconds=_since(started))
    known, told = before == record.finished, shown(record)
    if known:
        progress.say(f"{step.name}: measured before with the same settings")
    return StepRecord(
        status="known" if known else "measured",
        seconds=_since(started),
        measures=told,
        left_out=len(record.measures) - len(told),
    )


def _written(folder: Path, name: str) -> str | None:
    record = readable_instruments(folder).records.get(name)
    return record.finished if record is not None else None


def _reason(error: HarnessError) -> str:
    return f"{error.message} {error.hint}" if error.hint else error.message


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _is_remote(record: RunRecord, workspace: Workspace) -> bool:
    """Whether the model answers behind an API, so that no machine could hold its weights."""
    from harness.models.reference import parse_reference

    return parse_reference(record.spec.model.name, workspace).is_remote
