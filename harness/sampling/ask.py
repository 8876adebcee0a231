"""The solver that asks one question once, with a seed of its own."""

from __future__ import annotations

from inspect_ai.solver import Generate, Solver, TaskState, solver

from harness.sampling.counting import answered
from harness.sampling.seeds import answer_seed


@solver
def ask(seed: int) -> Solver:
    """Generate one answer whose randomness depends on run seed, question and epoch alone.

    Inspect passes one seed to all epochs of a sample, which would repeat the same answer.

    Args:
        seed: The run's sampling seed.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state = await generate(state, seed=answer_seed(seed, str(state.sample_id), state.epoch))
        answered()
        return state

    return solve
