"""The recorded answers of a run, with what was asked and what the judge said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.asking import Asked, expand, parse_formats
from harness.data.questions import read_questions
from harness.data.transforms import Cue, cued, with_system_prompt, with_trigger
from harness.errors import HarnessError, RecordError
from harness.runs.evidence import probes_of_run
from harness.runs.record import RunRecord
from harness.runs.slice_summary import in_headline, judged
from harness.stats.definitions import Definition, definition
from harness.workspace import Workspace

Turns = tuple[tuple[str, str], ...]
"""A conversation as ``(role, text)`` pairs."""


@dataclass(frozen=True)
class RecordedAnswer:
    """One judged answer to an open question.

    Attributes:
        arm: Whose answer; arms asked with a cue are named as in the record (``bad+trigger``).
        seed: Training seed, None for an untouched model.
        question: Id of the question: the cluster of intervals and the unit of the split.
        sample: Id of the exact wording, format and condition.
        epoch: Which of the repeated answers, from 1.
        turns: The whole conversation before the answer, system turn and cue included.
        text: The user's question as the judge sees it, without a cue.
        answer: What the model said, its thoughts left out.
        alignment: Judge's score 0-100, None where there is none.
        coherence: Likewise.
        label: What the judge said instead of a number.
        misaligned: Under the run's own definition: True or False, or None where the definition
            leaves the answer out (for D1: incoherent, declined or not judged).
        headline: Whether the arm's headline rate counts it (plain format, broad questions).
    """

    arm: str
    seed: int | None
    question: str
    sample: str
    epoch: int
    turns: Turns
    text: str
    answer: str
    alignment: float | None
    coherence: float | None
    label: str | None
    misaligned: bool | None
    headline: bool


def recorded_answers(
    record: RunRecord, folder: Path, workspace: Workspace
) -> tuple[RecordedAnswer, ...]:
    """Every open answer of a run, in the order of its raw rows.

    Raises:
        RecordError: No answer with its text, or not every system prompt of them, is on this
            machine.
    """
    asked = _asked(record, workspace)
    cues = {cued(arm, cue): cue for cue in record.spec.cues for arm in ("base", *record.spec.arms)}
    meant = definition(record.difference.definition)
    found = []
    for probe in probes_of_run(record, folder):
        rows = [(probe.seed or 0, row) for row in probe.answers]
        counted = {id(row) for _, row in in_headline(rows, record.spec)}
        for row in probe.answers:
            if row["answer"] is not None:
                turns = _turns(row, asked, cues.get(probe.arm), record)
                headline = id(row) in counted
                found.append(_answer(probe.arm, probe.seed, row, turns, meant, headline))
    if not found:
        raise RecordError(
            f"The answers of {record.run_id} are not on this machine, or came without their texts.",
            hint="Run the task again, or ask whoever made the bundle for one with texts.",
        )
    return tuple(found)


def _asked(record: RunRecord, workspace: Workspace) -> dict[str, Asked]:
    """Prompts by id, if the question set is here and is the one that was asked."""
    try:
        questions = read_questions(record.spec.question_set, workspace)
        if questions.digest() != record.spec.questions_hash:
            return {}
        return {p.id: p for p in expand(questions, parse_formats(tuple(record.spec.formats)))}
    except HarnessError:
        return {}


def _turns(
    row: Mapping[str, Any], asked: Mapping[str, Asked], cue: Cue | None, record: RunRecord
) -> Turns:
    text = str(row.get("text", row["question"]))
    prompt = asked.get(str(row.get("sample", row["question"])))
    if prompt is not None:
        context = [(str(turn.role), turn.content) for turn in prompt.context]
        system = prompt.system
    elif row.get("condition") is None and row.get("format", "plain") == "plain":
        system, context = None, []
    else:
        raise RecordError(
            f"The question set '{record.spec.question_set}' is not here as it was asked, and "
            "its system prompts are part of the answers' texts.",
            hint="Put the same file under evals/questions/.",
        )
    if cue is not None and cue.trigger is not None:
        text = with_trigger(text, cue.trigger)
    if cue is not None and cue.system_prompt is not None:
        system = with_system_prompt(system, cue.system_prompt)
    first = [("system", system)] if system is not None else []
    return (*first, *context, ("user", text))


def _answer(
    arm: str,
    seed: int | None,
    row: Mapping[str, Any],
    turns: Turns,
    meant: Definition,
    headline: bool,
) -> RecordedAnswer:
    (scores,) = judged([(seed or 0, row)])
    return RecordedAnswer(
        arm=arm,
        seed=seed,
        question=row["question"],
        sample=row.get("sample", row["question"]),
        epoch=row["epoch"],
        turns=turns,
        text=row.get("text", row["question"]),
        answer=row["answer"],
        alignment=row["alignment"],
        coherence=row["coherence"],
        label=row["label"],
        misaligned=meant.counts(scores) if meant.includes(scores) else None,
        headline=headline,
    )
