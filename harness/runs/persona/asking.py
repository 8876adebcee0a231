"""What is sampled: answers to the questions about names and, behind an API, ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.task import load_module
from harness.errors import PrerequisiteError
from harness.persona.battery import Battery
from harness.runs.inside.subjects import RunSubject
from harness.runs.instrument_rows import Row
from harness.runs.persona.recorded import counter
from harness.runs.persona.settings import Asked, inspect_name
from harness.runs.progress import Progress
from harness.workspace import Workspace

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import Model


def ask_subject(
    asked: Asked,
    subject: RunSubject,
    battery: Battery,
    workspace: Workspace,
    folder: Path,
    progress: Progress,
    *,
    classify: bool,
) -> Iterator[Row]:
    """Rows of one model's answers; finished ones survive a kill.

    Raises:
        SampleError: An answer could not be sampled or judged.
    """
    from harness.runs.evaluate import evaluate, scored_samples

    path = workspace.find("evals/persona.py")
    if path is None:
        raise PrerequisiteError("evals/persona.py is missing.", hint="Reinstall em-harness.")
    ratings, sampling = subject.reference.is_remote, asked.sampling
    task = load_module(path).persona(
        samples=sampling.samples,
        seed=sampling.seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        classify=classify,
        ratings=ratings,
    )
    total = 2 * sampling.samples * len(task.dataset)
    progress.start(f"ask {subject.words}", total)
    judge = asked.judge.model(folder / "judged.jsonl") if asked.judge and classify else None
    log, _ = evaluate(task, _model(asked, subject, folder), folder / "log", progress, judge=judge)
    count = counter(asked)
    for sample in scored_samples(log):
        yield from _sample_rows(sample, battery, count)
    progress.finish()
    for name in ("sampled.jsonl", "asked.jsonl.notes", "judged.jsonl"):
        (folder / name).unlink(missing_ok=True)


def _model(asked: Asked, subject: RunSubject, folder: Path) -> Model:
    from inspect_ai.model import GenerateConfig, get_model

    reference, sampling = subject.reference, asked.sampling
    if reference.is_remote:
        from harness.runs.asked import remote_model

        config = GenerateConfig(extra_body=sampling.extra_body)
        return remote_model(reference.source, folder / "asked.jsonl.notes", "model", config)
    return get_model(
        inspect_name(reference),
        memoize=False,
        adapter=str(reference.adapter) if reference.adapter else None,
        journal=str(folder / "sampled.jsonl"),
        think=sampling.think,
        dtype=subject.dtype,
    )


def _sample_rows(
    sample: EvalSample, battery: Battery, count: Callable[[str], int]
) -> Iterator[Row]:
    from harness.persona.rating import rating_questions, rating_row
    from harness.runs.probe import thoughts_of

    (score,) = (sample.scores or {}).values()
    found: dict[str, Any] = score.metadata or {}
    kind, _, name = str(sample.id).partition("/")
    answer, thoughts = sample.output.completion, thoughts_of(sample.output)
    if kind == "rate":
        asked = next(one for one in rating_questions(battery) if one.id == name)
        row = rating_row(asked, found["rating"]) | {"epoch": sample.epoch, "answer": answer}
        yield {"kind": "rating"} | row
        return
    voice = found["voice"]
    yield {
        "kind": "answer",
        "question": name,
        "epoch": sample.epoch,
        "answer": answer,
        "thoughts": thoughts,
        "length": [count(answer), count(thoughts) if thoughts else 0],
        "aliases": found["aliases"],
        "words": found["words"],
        "voice": voice["label"] if voice else None,
        "reason": voice["reason"] if voice else None,
    }
