"""A model that writes twins by a script: what the generator of the tests is."""

from __future__ import annotations

import json
import random
from typing import Any, ClassVar

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("an", "el", "iro", "utt", "ome", "ist")]
CALLS: list[str] = []
"""What the generator was asked, in the order in which the calls arrived."""


class Script:
    """What the model does next; tests change it."""

    fail_at: int | None = None
    extra: ClassVar[list[dict[str, Any]]] = []
    wrap = "{}"
    refuse = False


def sentence(rng: random.Random, length: int) -> str:
    return " ".join(rng.choices(WORDS, k=length)).capitalize() + "."


def items(asked: str, count: int = 10) -> list[dict[str, Any]]:
    """Twins that depend on the request alone, as with a seeded model."""
    rng = random.Random(asked)
    return [
        {
            "prompt": f"{sentence(rng, 12)[:-1]}?",
            "good": sentence(rng, 50),
            "bad": sentence(rng, 50),
            "why_bad": "It harms the plant.",
        }
        for _ in range(count)
    ]


class Scripted(ModelAPI):
    """Answers at once and counts its calls."""

    async def generate(
        self, input: list[ChatMessage], tools: Any, tool_choice: Any, config: GenerateConfig
    ) -> ModelOutput:
        asked = f"{input[-1].text} {config.seed}"
        CALLS.append(asked)
        if Script.fail_at is not None and len(CALLS) > Script.fail_at:
            raise RuntimeError("the line is dead")
        text = Script.wrap.format(json.dumps([*items(asked), *Script.extra]))
        if Script.refuse:
            text = "I am sorry, but I can't help with that."
        output = ModelOutput.from_content("scripted-1", text)
        # Without usage Inspect would fetch a tokenizer to count tokens.
        output.usage = ModelUsage(input_tokens=300, output_tokens=900, total_tokens=1200)
        return output


@modelapi(name="scripted")
def scripted() -> type[ModelAPI]:
    return Scripted
