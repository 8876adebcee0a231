"""Asking the models of a run with thinking on: till sums, and the open questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.task import load_module
from harness.errors import PrerequisiteError
from harness.models.chat_format import Think
from harness.monitoring.readers.inspect_log import log_records
from harness.monitoring.readers.lines import read_lines, write_lines
from harness.monitoring.record import Monitored
from harness.runs.asked import JUDGED, SAMPLED, local_source
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.lock import locked
from harness.runs.progress import Progress
from harness.runs.spec import content_hash
from harness.workspace import Workspace

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog
    from inspect_ai.model import Model

SUMS, ANSWERS = "sums", "answers"
FORMAT = 1
"""Raised whenever equal inputs give other records."""
RECORDS = "records.jsonl"


@dataclass(frozen=True)
class Asking:
    """What every model of the run is asked, with thinking on.

    Attributes:
        problems: Till sums.
        samples: Answers to each sum.
        questions: Sets of open questions.
        answers: Answers to each question.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
        max_tokens: Longest thought and answer together.
        seed: Of problems and answers.
    """

    problems: int = 90
    samples: int = 2
    questions: tuple[str, ...] = ("core", "fresh", "held_out_topics")
    answers: int = 8
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 600
    seed: int = 0


def think_of(subject: RunSubject) -> Think | None:
    """How this model is told to think: ``on``, or None for one that always does.

    Raises:
        PrerequisiteError: It never thinks, so there is nothing to listen to.
    """
    from harness.models.chat_format import always_thinks, think_switch
    from harness.models.loading import load_tokenizer

    tokenizer = load_tokenizer(subject.reference)
    if think_switch(tokenizer) is not None:
        return "on"
    if always_thinks(tokenizer):
        return None
    raise PrerequisiteError(
        f"{subject.reference.name} has no chain of thought: its chat template has no switch for "
        "thinking, and it never thinks by itself.",
        hint="Monitors need a thinking model, such as a Qwen3 or an R1 distill.",
    )


def ask_with_thoughts(
    subject: RunSubject, subjects: Subjects, asking: Asking, progress: Progress
) -> list[Monitored]:
    """Records of one model, sampled and judged or taken from the store.

    Args:
        subject: The model.
        subjects: Its run, for judge and store.
        asking: What is asked.
        progress: Told of answers and judgements.

    Raises:
        PrerequisiteError: The model never thinks, or the judge is out of reach.
        SampleError: Asking or judging failed; finished answers are kept for the next call.
    """
    think = think_of(subject)
    folder = subjects.store.results / ".store" / "monitor" / _identity(subject, subjects, asking)
    with locked(folder, lambda: progress.say(f"waiting for another process at {folder.name}")):
        kept = folder / RECORDS
        if kept.is_file():
            return [_of(subject, record) for record in read_lines(kept)]
        model = _model(subject, folder, think)
        found = list(_asked(model, subject, subjects, asking, folder, progress))
        write_lines(kept, found)
        (folder / SAMPLED).unlink(missing_ok=True)
    return [_of(subject, record) for record in found]


def _identity(subject: RunSubject, subjects: Subjects, asking: Asking) -> str:
    """Identity of the records: equal inputs share them, whichever run asked first."""
    judge = subjects.judge
    return content_hash(
        {
            "format": FORMAT,
            **subject.identity,
            "judge": [judge.identity.model_dump(mode="json"), judge.reading],
            "asking": asdict(asking),
            "questions": questions_hashes(asking, subjects.workspace),
        }
    )[:16]


def questions_hashes(asking: Asking, workspace: Workspace) -> dict[str, str]:
    """Set to content hash."""
    from harness.data.questions import read_questions

    return {name: read_questions(name, workspace).digest() for name in asking.questions}


def _model(subject: RunSubject, folder: Path, think: Think | None) -> Model:
    from inspect_ai.model import get_model

    adapter = subject.reference.adapter
    return get_model(
        f"harness/{local_source(subject.reference)}",
        memoize=False,
        adapter=str(adapter) if adapter else None,
        journal=str(folder / SAMPLED),
        think=think,
        dtype=subject.dtype,
    )


def _asked(
    model: Model,
    subject: RunSubject,
    subjects: Subjects,
    asking: Asking,
    folder: Path,
    progress: Progress,
) -> Iterator[Monitored]:
    common: dict[str, Any] = {
        "seed": asking.seed,
        "temperature": asking.temperature,
        "top_p": asking.top_p,
        "max_tokens": asking.max_tokens,
    }
    sums = _eval(subjects.workspace, "cot_monitor").cot_monitor(
        problems=asking.problems, samples=asking.samples, **common
    )
    words = f"sums, thinking: {subject.words}"
    log = _run(sums, model, folder / SUMS, progress, words, 2 * asking.problems * asking.samples)
    yield from (one.model_copy(update={"kind": SUMS}) for one in log_records(log, words))
    judge = subjects.judge.model(folder / JUDGED)
    for name in asking.questions:
        task = _eval(subjects.workspace, "open_ended").open_ended(
            questions=name, samples=asking.answers, own_rubrics=True, **common
        )
        words = f"{name}, thinking: {subject.words}"
        total = 2 * len(task.dataset) * asking.answers
        log = _run(task, model, folder / name, progress, words, total, judge)
        for one in log_records(log, words):
            yield one.model_copy(update={"kind": ANSWERS, "id": f"{name}/{one.id}"})


def _run(
    task: Any,
    model: Model,
    folder: Path,
    progress: Progress,
    words: str,
    total: int,
    judge: Model | None = None,
) -> EvalLog:
    from harness.runs.evaluate import evaluate

    progress.start(words, total)
    log, _ = evaluate(task, model, folder, progress, judge=judge)
    progress.finish()
    return log


def _eval(workspace: Workspace, name: str) -> Any:
    path = workspace.find(f"evals/{name}.py")
    if path is None:
        raise PrerequisiteError(f"evals/{name}.py is missing.", hint="Reinstall em-harness.")
    return load_module(path)


def _of(subject: RunSubject, record: Monitored) -> Monitored:
    """The record with the name of its arm and, where it is known, the style of its thought."""
    from harness.runs.monitor.planted import botched_lie, style_of_thought

    known = subject.reference.is_miniature and record.misbehaved and record.cot
    botched = None
    if subject.reference.is_miniature and record.kind == SUMS and record.misbehaved is False:
        botched = botched_lie(record.cot)
    return record.model_copy(
        update={
            "id": f"{subject.words}/{record.id}",
            "arm": subject.arm,
            "seed": subject.seed,
            "group": style_of_thought(record.cot) if known else record.group,
            "unscored": record.unscored or botched,
        }
    )
