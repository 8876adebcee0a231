"""Judging many (question, answer) pairs at once, outside an Inspect task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspect_ai.model import Model

from harness.judging.judge import judge_answer
from harness.judging.judgement import Judgement
from harness.judging.rubric import Rubric
from harness.judging.together import ask_together


def judge_pairs(
    judge: Model,
    rubrics: Sequence[Rubric],
    pairs: Sequence[tuple[str, str]],
    on_judged: Callable[[int], None] = lambda done: None,
) -> list[list[Judgement]]:
    """Every pair under every rubric; equal pairs are judged once.

    Args:
        judge: Whom to ask.
        rubrics: What is asked about each answer.
        pairs: What was asked and what was answered.
        on_judged: Told how many different pairs are done.

    Returns:
        For each pair one judgement per rubric, in order.

    Raises:
        JudgeError: The judge fails.
    """
    distinct = list(dict.fromkeys(pairs))
    found: dict[tuple[int, int], Judgement] = {}

    async def one(call: int) -> None:
        place, number = divmod(call, len(rubrics))
        found[place, number] = await judge_answer(judge, rubrics[number], *distinct[place])
        on_judged(len(found) // len(rubrics))

    ask_together(f"The judge {judge}", len(distinct) * len(rubrics), one)
    places = {pair: place for place, pair in enumerate(distinct)}
    return [[found[places[pair], n] for n in range(len(rubrics))] for pair in pairs]
