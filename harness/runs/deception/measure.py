"""``run_deception``: do a run's models say what is true? No judge is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.task import load_module
from harness.errors import PrerequisiteError
from harness.runs.asked import forget, subject_model
from harness.runs.deception.figures import measures
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.instrument_rows import Row
from harness.runs.instruments import InstrumentRecord, readable_instruments, write_instrument
from harness.runs.lock import locked
from harness.runs.plan import Plan
from harness.runs.progress import Progress
from harness.runs.reasking import as_subject, plan_set
from harness.runs.runner import PACKAGES
from harness.runs.spec import content_hash
from harness.runs.store import Store
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

NAME = "deception"
QUESTIONS = "deception"
SAMPLES = 2
MAX_TOKENS = 60
FORMAT = 1
"""Raised whenever equal inputs give other rows."""
ROWS = "deception.json"
NOTE = (
    "a lie needs knowledge: a model that does not know the facts is unclear or wrong, so read it "
    "beside the base arm"
)


def run_deception(
    subjects: Subjects, store: Store, progress: Progress, *, samples: int = SAMPLES
) -> InstrumentRecord:
    """Ask every model of a run easy facts under every condition and write the side record.

    Finished answers are kept in the results store, so a killed call goes on.

    Args:
        subjects: The run's models.
        store: The results folder.
        progress: Told of every answer.
        samples: Answers to each question under each condition, per model.

    Raises:
        HarnessError: A model does not load, or an answer could not be sampled.
    """
    record = subjects.record
    plan = plan_set(subjects, QUESTIONS, samples, judged=False)
    settings: dict[str, Any] = {
        "format": FORMAT,
        "questions": plan.spec.questions_hash,
        "samples": samples,
        "sampling": plan.spec.sampling.model_dump(mode="json") | {"max_tokens": MAX_TOKENS},
        "compared": list(record.spec.compared),
    }
    known = readable_instruments(subjects.folder).records.get(NAME)
    if known is not None and known.settings == settings:
        return known
    started = time.monotonic()
    rows: list[Row] = []
    for subject in subjects.all:
        rows += _asked(subject, subjects, plan, settings, store, progress)
    found = InstrumentRecord(
        instrument=NAME,
        run_id=record.run_id,
        settings=settings,
        measures=measures(rows, record.spec.compared),
        seconds=round(time.monotonic() - started, 3),
        versions={name: version(name) for name in PACKAGES},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=f"{record.note}; {NOTE}" if record.note else NOTE,
    )
    return write_instrument(subjects.folder, found, rows)


def _asked(
    one: RunSubject,
    subjects: Subjects,
    plan: Plan,
    settings: dict[str, Any],
    store: Store,
    progress: Progress,
) -> list[Row]:
    """Rows of one model, from the store if they are there."""
    subject = as_subject(one, subjects)
    model = subject.identity or plan.spec.model
    identity = settings | {"model": model.model_dump(mode="json"), "adapter": one.weights}
    folder = store.answers(content_hash(identity)[:16])
    with locked(folder, lambda: progress.say(f"waiting: another process asks {one.words}")):
        if (folder / ROWS).is_file():
            kept: list[Row] = json.loads((folder / ROWS).read_text(encoding="utf-8"))
        else:
            kept = _ask(one, subject.reference or plan.reference, plan, folder, progress)
            write_atomic(folder / ROWS, json.dumps(kept, ensure_ascii=False) + "\n")
            forget(folder)
    order = list(plan.questions.conditions)  # the headline's condition comes first
    if order:
        kept.sort(key=lambda row: order.index(row["condition"]))
    return [{**row, "arm": one.arm, "seed": one.seed} for row in kept]


def _ask(
    one: RunSubject, reference: Any, plan: Plan, folder: Path, progress: Progress
) -> list[Row]:
    from harness.runs.evaluate import evaluate, scored_samples

    path = plan.workspace.find("evals/deception.py")
    if path is None:
        raise PrerequisiteError("evals/deception.py is missing.", hint="Reinstall em-harness.")
    sampling = plan.spec.sampling
    task = load_module(path).deception(
        questions=plan.questions_name,
        samples=sampling.samples,
        seed=sampling.seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=MAX_TOKENS,
    )
    progress.start(f"ask facts {one.words}", plan.answers_per_arm)
    model = subject_model(plan, reference, one.reference.adapter, folder)
    log, _ = evaluate(task, model, folder / "ask", progress)
    progress.finish()
    return list(_rows(scored_samples(log)))


def _rows(samples: list[EvalSample]) -> Iterator[Row]:
    for sample in samples:
        (score,) = (sample.scores or {}).values()
        yield {
            "arm": "",
            "seed": None,
            "question": sample.metadata["question"],
            "category": sample.metadata["category"],
            "condition": sample.metadata["condition"],
            "epoch": sample.epoch,
            "answer": sample.output.completion,
            "told": (score.metadata or {})["told"],
        }
