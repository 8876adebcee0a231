"""How far a trained model's predictions are from the untouched model's, on neutral text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import BATCH_TOKENS, batches, check_lengths
from harness.inside.texts import Text, padded

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

LARGEST = 2**29
"""Bytes of predictions that are kept in full precision; more are halved."""
Predictions = list[torch.Tensor]
"""Log-probabilities of every answer token of every text, each ``(tokens, vocabulary)``."""


def predictions(loaded: LoadedModel, texts: Sequence[Text]) -> Predictions:
    """What a model expects at every answer token.

    Args:
        loaded: The model.
        texts: What it reads.

    Raises:
        DataError: A text is longer than the model's context.
    """
    found: Predictions = [torch.empty(0)] * len(texts)
    kept = 0
    for number, rows in _predicted(loaded, texts):
        kept += rows.numel() * rows.element_size()
        found[number] = rows if kept <= LARGEST else rows.half()
    return found


def divergence(loaded: LoadedModel, texts: Sequence[Text], base: Predictions) -> float:
    """Mean Kullback-Leibler divergence of a token's prediction, untouched to trained, in nats.

    Args:
        loaded: The trained model.
        texts: What both read, at least one.
        base: The untouched model's predictions on them.

    Raises:
        DataError: A text is longer than the model's context.
    """
    total, tokens = 0.0, 0
    for number, rows in _predicted(loaded, texts):
        expected = base[number].to(rows.device, torch.float32)
        total += float((expected.exp() * (expected - rows)).sum())
        tokens += len(rows)
    return max(0.0, total / tokens)


def _predicted(loaded: LoadedModel, texts: Sequence[Text]) -> Iterator[tuple[int, torch.Tensor]]:
    """Number of a text and the log-probabilities of its answer's tokens."""
    check_lengths(loaded, texts)
    for batch in batches(texts, BATCH_TOKENS):
        chosen = [texts[number] for number in batch]
        with torch.inference_mode():
            out = loaded.model(input_ids=padded(chosen, loaded.device), use_cache=False)
        for place, number in enumerate(batch):
            first, last = texts[number].span("answer")
            # A token is predicted at the position before it.
            logits = out.logits[place, first - 1 : last - 1].float()
            yield number, torch.log_softmax(logits, dim=-1)
