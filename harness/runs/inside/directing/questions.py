"""The open questions of a run, as its models are asked them again."""

from __future__ import annotations

from harness.inside.texts import Split, splits
from harness.runs.inside.ask import Question
from harness.runs.inside.subjects import Subjects


def asked_questions(subjects: Subjects, half: Split | None = None) -> list[Question]:
    """The plain wording of every question that the run's headline counts.

    Args:
        subjects: The run.
        half: Only the questions on which directions are found, or only those that judge them.
    """
    found: dict[Question, None] = {}
    for one in subjects.answers:
        if one.headline and "+" not in one.arm:
            *before, (_, text) = one.turns
            system = before.pop(0)[1] if before and before[0][0] == "system" else None
            found.setdefault(Question(one.question, text, system, tuple(before)))
    halves = splits(question.id for question in found)
    return [question for question in found if half is None or halves[question.id] == half]
