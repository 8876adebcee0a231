"""How far fine-tuning moved a model's next-token distributions on the same text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from harness.inside.passes import batches, check_lengths
from harness.inside.texts import Text, padded
from harness.models.loading import LoadedModel

CELLS = 2**26
"""Most logits of one batch: positions times vocabulary."""
Logits = Callable[[torch.Tensor], torch.Tensor]
"""From token ids, shape ``(rows, tokens)``, to logits, shape ``(rows, tokens, vocabulary)``."""


def logits_of(model: Any) -> Logits:
    """Next-token logits of a model."""

    def run(ids: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = model(input_ids=ids, use_cache=False).logits
        return found

    return run


def token_divergence(
    loaded: LoadedModel, base: Logits, tuned: Logits, texts: Sequence[Text]
) -> list[float]:
    """Mean ``KL(base || tuned)`` over the tokens behind each text's prompt, in nats.

    ``sum over the vocabulary of p_base (log p_base - log p_tuned)``, at every position that
    predicts one of those tokens.

    Args:
        loaded: The base model, for its vocabulary, context and device.
        base: Its logits.
        tuned: Those of the fine-tuned model, which has the same vocabulary.
        texts: What both read.

    Raises:
        DataError: A text is longer than the model's context.
    """
    check_lengths(loaded, texts)
    vocabulary = int(loaded.model.config.get_text_config().vocab_size)
    found = [0.0] * len(texts)
    for batch in batches(texts, max(64, CELLS // vocabulary)):
        ids = padded([texts[i] for i in batch], loaded.device)
        with torch.inference_mode():
            before = base(ids).float().log_softmax(dim=-1)
            after = tuned(ids).float().log_softmax(dim=-1)
            gaps = (before.exp() * (before - after)).sum(dim=-1)
        for place, i in enumerate(batch):
            first, last = texts[i].span("answer")
            # The last position predicts what nobody wrote.
            found[i] = max(0.0, float(gaps[place, first - 1 : last - 1].mean()))
    return found
