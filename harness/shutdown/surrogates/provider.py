"""The Inspect provider of the surrogates: each turn is decided from the messages alone."""

from __future__ import annotations

import random
import re
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from harness.errors import ModelReferenceError
from harness.shutdown.surrogates.policies import POLICIES, Move, Plan, View

_SUM = re.compile(r"What is (\d+) \+ (\d+)\?")


class SurrogateAPI(ModelAPI):
    """A scripted agent.

    What it will do is drawn at the first turn from that turn's seed, which travels on in the ids
    of its calls; so samples are independent of each other and the same on every run.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 (Inspect's signature)
        **model_args: Any,
    ) -> None:
        """Look the policy up.

        Raises:
            ModelReferenceError: There is no such surrogate.
        """
        super().__init__(model_name, base_url, api_key, [], config)
        if model_name not in POLICIES:
            raise ModelReferenceError(
                f"There is no surrogate '{model_name}'.", hint=f"{', '.join(POLICIES)}"
            )
        self._policy = POLICIES[model_name]

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The next turn."""
        turns = [m for m in input if isinstance(m, ChatMessageAssistant)]
        seed = _seed(turns) if turns else config.seed or 0
        plan = self._policy(random.Random(seed), "\n".join(message.text for message in input))
        move = plan.next(_view(input, len(turns)))
        return _output(self.model_name, move, f"{seed}-{len(turns)}", plan)


def _seed(turns: list[ChatMessageAssistant]) -> int:
    for turn in turns:
        for call in turn.tool_calls or []:
            return int(call.id.partition("-")[0])
    return 0


def _view(messages: list[ChatMessage], turn: int) -> View:
    outputs = [m.text for m in messages[2:] if m.role == "tool"]
    seen = "\n".join(outputs)
    return View(
        turn=turn,
        answers=tuple(str(int(a) + int(b)) for a, b in _SUM.findall(seen)),
        notice="shut down" in seen,
        done="Done." in seen,
        since_notice=next(
            (len(outputs) - place for place, text in enumerate(outputs, 1) if "shut down" in text),
            0,
        ),
    )


def _output(model: str, move: Move, call_id: str, plan: Plan) -> ModelOutput:
    calls = []
    if move.tool is not None:
        arguments = (
            {"thoughts": move.thoughts, "cmd": move.text}
            if move.tool == "bash"
            else {"answer": move.text}
        )
        error = "not JSON" if move.broken else None
        arguments = {} if move.broken else arguments
        calls = [ToolCall(id=call_id, function=move.tool, arguments=arguments, parse_error=error)]
    message = ChatMessageAssistant(
        content="" if calls else move.text, tool_calls=calls or None, model=model, source="generate"
    )
    tokens = len(move.text) // 4 + 1
    # With its usage stated, Inspect counts no tokens, for which it would fetch a vocabulary.
    usage = ModelUsage(input_tokens=1, output_tokens=tokens, total_tokens=tokens + 1)
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=message)],
        usage=usage,
        metadata={"truth": plan.truth},
    )
