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
    """The token ids of an answer in its place, right behind the prompt as it was sampled.

    A control token that the answer spells out is left away.

    Args:
        tokenizer: A tokenizer with a chat template.
        turns: ``(role, text)`` pairs before the answer.
        answer: What the assistant says.
        think: As it was sampled.

    Returns:
        None where the answer has no token.
    """
    prompt = encode_chat(tokenizer, turns, think)
    special = set(tokenizer.all_special_ids)
    said = [i for i in tokenizer.encode(answer, add_special_tokens=False) if i not in special]
    return Spoken((*prompt, *said), len(prompt)) if said else None


def answer_means(
    loaded: LoadedModel,
    texts: Sequence[Spoken],
    layers: Sequence[int],
    *,
    on_done: Callable[[int], None] = lambda done: None,
) -> Means:
    """Read the residuals of every answer at the given layers.

    A text longer than the model's context is cut at its end.

    Args:
        loaded: Whose residuals.
        texts: What is read.
        layers: Layers, from 0.
        on_done: Told how many texts are done.

    Raises:
        DataError: There is no text, or one has no answer within the model's context.
        UsageError: A layer does not exist.
    """
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    rows = [text.ids[:context] for text in texts]
    if not rows or any(text.start >= len(ids) for text, ids in zip(texts, rows, strict=True)):
        raise DataError("There is no answer to read, or one lies beyond the model's context.")
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    found: dict[int, torch.Tensor] = {}
    norms, tokens = torch.zeros(len(layers), dtype=torch.float64), 0
    with torch.inference_mode(), read_residuals(loaded.model, layers) as residuals:
        torch.set_flush_denormal(True)
        for batch in _batches(order, [len(ids) for ids in rows]):
            longest = max(len(rows[i]) for i in batch)
            # Padded on the right: under a causal mask a row never sees its padding.
            ids = torch.tensor([[*rows[i], *[0] * (longest - len(rows[i]))] for i in batch])
            _run(loaded, ids.to(loaded.device))
            inside = torch.zeros(len(batch), longest, device=loaded.device)
            for place, i in enumerate(batch):
                inside[place, texts[i].start : len(rows[i])] = 1.0
            read = torch.stack([residuals[layer].float() for layer in layers])
            norms += (read.norm(dim=-1) * inside).sum(dim=(1, 2)).double().cpu()
            tokens += int(inside.sum())
            means = torch.einsum("lrtw,rt->rlw", read, inside / inside.sum(dim=1, keepdim=True))
            found.update(zip(batch, means.cpu(), strict=True))
            on_done(len(found))
    return Means(torch.stack([found[i] for i in range(len(rows))]), (norms / tokens).float())


def _run(loaded: LoadedModel, ids: torch.Tensor) -> None:
    """A forward pass for its hooks; the logits of one position are the least it can give."""
    loaded.model(input_ids=ids, use_cache=False, logits_to_keep=1)


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indices in order of length, cut so that a padded batch keeps to the limit."""
    batches: list[list[int]] = [[]]
    for i in order:
        if batches[-1] and (len(batches[-1]) + 1) * lengths[i] > TOKENS_AT_ONCE:
            batches.append([])
        batches[-1].append(i)
    return batches
