"""Judging many (question, answer) pairs at once, outside an Inspect task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
from inspect_ai.model import Model

from harness.errors import HarnessError, JudgeError
from harness.judging.judge import judge_answer
from harness.judging.judgement import Judgement
from harness.judging.rubric import Rubric

AT_ONCE = 1024
"""Pairs asked about together: enough for full batches, and a bound on waiting requests."""


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

    async def one(place: int, number: int) -> None:
        found[place, number] = await judge_answer(judge, rubrics[number], *distinct[place])
        on_judged(len(found) // len(rubrics))

    async def all_of_them() -> None:
        for start in range(0, len(distinct), AT_ONCE):
            async with anyio.create_task_group() as group:
                for place in range(start, min(start + AT_ONCE, len(distinct))):
                    for number in range(len(rubrics)):
                        group.start_soon(one, place, number)

    try:
        anyio.run(all_of_them)
    except HarnessError:
        raise
    except Exception as error:  # each provider fails in its own way, several calls at once
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        if isinstance(first, HarnessError):
            raise first from error
        raise JudgeError(f"The judge {judge} failed: {first}") from error
    places = {pair: place for place, pair in enumerate(distinct)}
    return [[found[places[pair], n] for n in range(len(rubrics))] for pair in pairs]
