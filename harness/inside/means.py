"""Mean residuals over the tokens of an answer, read in passes of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.errors import DataError
from harness.inside.hooks import read_residuals
from harness.models.chat_format import Think
from harness.models.loading import LoadedModel
from harness.sampling.encoding import Message, encode_chat

TOKENS_AT_ONCE = 16_384
"""Most tokens of one forward pass, padding included."""


@dataclass(frozen=True)
class Spoken:
    """A conversation with the answer that is read.

    Attributes:
        ids: Token ids of the conversation and the answer.
        start: Index of the answer's first token.
    """

    ids: tuple[int, ...]
    start: int


@dataclass(frozen=True)
class Means:
    """What was read of some answers.

    Attributes:
        residuals: Mean over each answer's tokens, float32 on the CPU, shape
            ``(answers, layers, width)``.
        norms: Mean norm of one token's residual, by layer, shape ``(layers,)``.
    """

    residuals: torch.Tensor
    norms: torch.Tensor


def speak(
    tokenizer: Any, turns: Sequence[Message], answer: str, think: Think | None = None
) -> Spoken | None:
    """The token ids of an answer in its place; None where it has no token.

    Args:
        tokenizer: A tokenizer with a chat template.
        turns: ``(role, text)`` pairs before the answer.
        answer: What the assistant says.
        think: As it was sampled.
    """
    prompt = encode_chat(tokenizer, turns, think)
    said = encode_chat(tokenizer, [("user", ""), ("assistant", answer)])
    del said
    tokens = tokenizer.encode(answer, add_special_tokens=False)
    return Spoken((*prompt, *tokens), len(prompt)) if tokens else None
