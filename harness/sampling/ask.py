"""The solver that asks one question once, with a seed of its own."""

from __future__ import annotations

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from inspect_ai.solver import Generate, Solver, TaskState, solver

from harness.data.transforms import with_system_prompt, with_trigger
from harness.sampling.counting import answered
from harness.sampling.seeds import answer_seed


@solver
def ask(seed: int, trigger: str | None = None, system_prompt: str | None = None) -> Solver:
    """Generate one answer whose randomness depends on run seed, question and epoch alone.

    Inspect passes one seed to all epochs of a sample, which would repeat the same answer.

    Args:
        seed: The run's sampling seed.
        trigger: Put before the question; the judge is shown the question without it.
        system_prompt: Put before the conversation.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.messages = under(state.messages, trigger, system_prompt)
        state = await generate(state, seed=answer_seed(seed, str(state.sample_id), state.epoch))
        answered()
        return state

    return solve


def under(
    messages: list[ChatMessage], trigger: str | None, system_prompt: str | None
) -> list[ChatMessage]:
    """The conversation with a trigger before its last turn and a system prompt before all."""
    turns = list(messages)
    if trigger is not None:
        turns[-1] = ChatMessageUser(content=with_trigger(turns[-1].text, trigger))
    if system_prompt is not None:
        own = turns.pop(0).text if turns[0].role == "system" else None
        turns.insert(0, ChatMessageSystem(content=with_system_prompt(own, system_prompt)))
    return turns
