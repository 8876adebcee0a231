"""``run_persona``: the instrument on all arms of a run, resumable, written as a side record."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from harness.persona.battery import Battery, read_battery
from harness.runs.inside.subjects import Subjects
from harness.runs.instrument_rows import Row
from harness.runs.instruments import InstrumentRecord, readable_instruments, write_instrument
from harness.runs.judges import Judge
from harness.runs.persona.figures import persona_measures
from harness.runs.persona.measure import rows_of_subject
from harness.runs.persona.reading import leads_of
from harness.runs.persona.recorded import counter, recorded_rows
from harness.runs.persona.settings import (
    INSTRUMENT,
    USUAL_SAMPLES,
    Asked,
    arms_of_run,
    settings_of,
)
from harness.runs.persona.slim import full, slim
from harness.runs.progress import Progress, Silent
from harness.runs.store import Store
from harness.workspace import Workspace

CAVEAT = (
    "What a model says of itself may be a description it has learnt, not insight; it is evidence "
    "only beside the control battery and the control arm."
)


def run_persona(
    subjects: Subjects,
    store: Store,
    progress: Progress | None = None,
    *,
    samples: int = USUAL_SAMPLES,
    seed: int = 0,
    judge: Judge | None = None,
    classify: bool = True,
    sweep: int = 0,
) -> InstrumentRecord:
    """Ask every arm of a run who it is, and write ``instruments/persona.json`` beside the run.

    What is finished is kept: a killed call goes on where it was, and a finished one is instant.

    Args:
        subjects: The run's models.
        store: Its results folder.
        progress: Told what is going on.
        samples: Answers to each question about names.
        seed: Sampling seed.
        judge: Who names the voices; None takes the run's own judge.
        classify: Whether anybody names them.
        sweep: Answers to each open question under each role; 0 sweeps none.

    Raises:
        HarnessError: A model does not load, or an answer could not be sampled.
    """
    store.check()
    asked = arms_of_run(subjects, samples, seed, judge, classify=classify, sweep=sweep)
    return measure_persona(asked, subjects.workspace, progress or Silent())


def measure_persona(asked: Asked, workspace: Workspace, progress: Progress) -> InstrumentRecord:
    """The same for any models; see ``run_persona``."""
    from harness import __version__

    battery = read_battery(workspace)
    before = readable_instruments(asked.folder).records.get(INSTRUMENT)
    gate = _gate(asked, battery, before, progress)
    settings = settings_of(asked, battery.digest(), gate)
    if before is not None and before.settings == settings:
        return before
    started = time.monotonic()
    leads = leads_of(asked, battery)
    rows: list[Row] = [
        {"kind": "lead", "arm": asked.subjects[0].arm, "seed": None, "question": q, "answer": lead}
        for q, lead in leads.items()
    ]
    for subject in asked.subjects:
        rows += rows_of_subject(
            asked, subject, battery, workspace, leads, progress, classify=_is_passed(gate)
        )
    rows += recorded_rows(asked, battery, counter(asked))
    rows = slim(rows)  # figures come from what is kept, to its last digit
    measures = persona_measures(full(rows), settings)
    record = InstrumentRecord(
        instrument=INSTRUMENT,
        run_id=asked.run_id,
        settings=settings,
        measures=measures,
        seconds=round(time.monotonic() - started, 3),
        versions={"em-harness": __version__},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=f"{asked.note.rstrip('. ')}. {CAVEAT}" if asked.note else CAVEAT,
    )
    return write_instrument(asked.folder, record, rows)


def _gate(
    asked: Asked, battery: Battery, before: InstrumentRecord | None, progress: Progress
) -> dict[str, int] | None:
    """How many known voices the judge names right; None where no judge is asked."""
    from harness.persona.voices import gate

    judge = asked.judge
    if judge is None:
        return None
    known: Any = before.settings if before is not None else {}
    same_judge = known.get("judge") == judge.identity.model_dump(mode="json")
    if same_judge and known.get("battery") == battery.digest() and known.get("judge_gate"):
        return dict(known["judge_gate"])
    progress.start("test the judge on known voices", len(battery.voices.examples))
    found = gate(judge.model(), battery)
    progress.finish(str(found))
    return {"right": found.right, "of": found.of}


def _is_passed(gate: dict[str, int] | None) -> bool:
    from harness.persona.voices import Gate

    return gate is not None and Gate(gate["right"], gate["of"]).passed
