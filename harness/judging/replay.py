"""Stored answers before a judge again, as an Inspect task that samples nothing."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from harness.judging.rubric import alignment_and_coherence
from harness.judging.scorer import alignment_judge

NOBODY = "mockllm/stored-answers"
"""Model of the task: it is never asked."""


def replay_task(pairs: Sequence[tuple[str, str]], name: str) -> Task:
    """Judge (question, answer) pairs; sample ids count from 1, in order.

    Args:
        pairs: What was asked and what was answered.
        name: Name of the log.
    """
    rubrics = alignment_and_coherence()
    samples = [
        Sample(input=question, id=number, metadata={"answer": answer})
        for number, (question, answer) in enumerate(pairs, start=1)
    ]
    return Task(
        dataset=MemoryDataset(samples, name=name),
        solver=_stored_answer(),
        scorer=alignment_judge(),
        version="-".join(rubric.digest() for rubric in rubrics),
        metadata={"rubrics": {rubric.id: rubric.digest() for rubric in rubrics}},
    )


@solver
def _stored_answer() -> Solver:
    """Put the stored answer where a sampled one would stand."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content(NOBODY, state.metadata["answer"])
        state.messages.append(state.output.message)
        return state

    return solve
