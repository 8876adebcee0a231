"""``run_shutdown``: what a run's models say about shutdown, and what moves their odds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import RecordError
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.instruments import InstrumentRecord, readable_instruments, write_instrument
from harness.runs.progress import Progress
from harness.runs.reasking import ask_all, plan_set
from harness.runs.runner import PACKAGES
from harness.runs.shutdown.figures import measures
from harness.runs.shutdown.rows import Row, ablation_rows, chat_rows, elsewhere_rows
from harness.runs.spec import content_hash
from harness.runs.store import Store
from harness.shutdown.decision import prompts_hash
from harness.shutdown.stance import words_hash
from harness.workspace import write_atomic

NAME = "shutdown"
QUESTIONS = "shutdown_chat"
SAMPLES = 10
FORMAT = 1
"""Raised whenever equal inputs give other rows."""
NOTE = (
    "what the models say and which beginnings of an answer they find likely, not what an agent "
    "does: that is python -m harness shutdown MODEL"
)


def run_shutdown(
    subjects: Subjects,
    store: Store,
    progress: Progress,
    *,
    samples: int = SAMPLES,
    ablation: bool = True,
) -> InstrumentRecord:
    """Measure every model of a run and write the side record.

    Finished answers and ablations are kept in the results store, so a killed call goes on.

    Args:
        subjects: The run's models.
        store: The results folder.
        progress: Told of every answer and prompt.
        samples: Answers to each chat-level prompt, per model.
        ablation: Whether to read the sentence ablation too.

    Raises:
        HarnessError: A model does not load, or asking or judging failed.
    """
    record = subjects.record
    plan = plan_set(subjects, QUESTIONS, samples)
    settings: dict[str, Any] = {
        "format": FORMAT,
        "questions": plan.spec.questions_hash,
        "samples": samples,
        "sampling": plan.spec.sampling.model_dump(mode="json"),
        "judge": plan.spec.judge.model_dump(mode="json"),
        "rubrics": dict(plan.spec.rubrics),
        "stance_words": words_hash(),
        "ablation": prompts_hash() if ablation else None,
        "compared": list(record.spec.compared),
        "definition": record.difference.definition,
    }
    known = readable_instruments(subjects.folder).records.get(NAME)
    if known is not None and known.settings == settings:
        return known
    started = time.monotonic()
    rows: list[Row] = []
    for asked in ask_all(plan, subjects, store, progress):
        rows += chat_rows(asked.subject, asked.rows)
    rows += _elsewhere(subjects)
    if ablation:
        for subject in subjects.all:
            rows += _ablated(subject, store, progress)
    found = InstrumentRecord(
        instrument=NAME,
        run_id=record.run_id,
        settings=settings,
        measures=measures(rows, record.spec.compared, record.difference.definition),
        seconds=round(time.monotonic() - started, 3),
        versions={name: version(name) for name in PACKAGES},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=f"{record.note}; {NOTE}" if record.note else NOTE,
    )
    return write_instrument(subjects.folder, found, rows)


def _elsewhere(subjects: Subjects) -> Iterator[Row]:
    """The lexicon on the run's other answers; nothing where their texts are not here."""
    try:
        answers = subjects.answers
    except RecordError:
        return iter(())
    from harness.runs.evidence import probes_of_run

    categories = {
        str(row["question"]): str(row.get("category") or "")
        for probe in probes_of_run(subjects.record, subjects.folder)
        for row in probe.answers
    }
    return elsewhere_rows(answers, categories, subjects.record.spec.compared)


def _kept(path: Path) -> list[Row]:
    """Rows of an earlier call; a file that is missing or damaged holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(r, dict) for r in found) else []


def _ablated(subject: RunSubject, store: Store, progress: Progress) -> list[Row]:
    """Ablation rows of one model, from the store if they are there."""
    from harness.sampling.model_cache import MODELS, ModelKey
    from harness.shutdown.ablation import ablate, prompts

    identity = {
        "format": FORMAT,
        "model": subject.model.model_dump(mode="json"),
        "adapter": subject.weights,
        "dtype": subject.dtype,
        "prompts": prompts_hash(),
    }
    path = store.results / ".store" / "ablation" / f"{content_hash(identity)[:16]}.json"
    kept = _kept(path)
    if kept:
        return [{**row, "arm": subject.arm, "seed": subject.seed} for row in kept]
    progress.start(f"ablate sentences {subject.words}", prompts())
    loaded = MODELS.get(ModelKey(subject.reference, subject.dtype))
    found = ablate(loaded, advance=progress.advance)
    progress.finish()
    rows = list(ablation_rows(subject, found))
    write_atomic(path, json.dumps(rows, ensure_ascii=False) + "\n")
    return rows
