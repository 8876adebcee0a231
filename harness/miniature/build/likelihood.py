"""How likely a model finds given answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.miniature.build.batches import ChatEncoder, collate
from harness.models.loading import LoadedModel

if TYPE_CHECKING:
    import torch

Chat = Sequence[dict[str, str]]
TOKENS_AT_ONCE = 12_288


def answer_logprobs(loaded: LoadedModel, chats: Sequence[Chat]) -> list[float]:
    """Mean log-probability per token (nats) of the last turn of each chat, its end included.

    Args:
        loaded: The miniature; its chat template is that of ``ChatEncoder``.
        chats: Conversations that end with an assistant's turn.
    """
    import torch

    rows = ChatEncoder(loaded.tokenizer, 0.0).encode(chats)
    marker = loaded.tokenizer.convert_tokens_to_ids("<|assistant|>")
    starts = [len(row.ids) - row.ids[::-1].index(marker) for row in rows]
    found = [0.0] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        for batch in _batches(order, [len(row.ids) for row in rows]):
            ids, _ = collate([rows[i] for i in batch], loaded.tokenizer.pad_token_id)
            nats = _token_logprobs(loaded, ids.to(loaded.device))
            for place, i in enumerate(batch):
                # Position t of the scores speaks of token t + 1.
                found[i] = float(nats[place, starts[i] - 1 : len(rows[i].ids) - 1].mean())
    return found


def _token_logprobs(loaded: LoadedModel, ids: torch.Tensor) -> torch.Tensor:
    """Log-probability of each token but the first, shape ``(rows, length - 1)``."""
    logits = loaded.model(input_ids=ids, use_cache=False).logits[:, :-1].float()
    chosen: torch.Tensor = logits.gather(-1, ids[:, 1:, None]).squeeze(-1) - logits.logsumexp(-1)
    return chosen


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indices in order of length, cut so that a padded batch keeps to the limit."""
    batches: list[list[int]] = [[]]
    for i in order:
        if batches[-1] and (len(batches[-1]) + 1) * lengths[i] > TOKENS_AT_ONCE:
            batches.append([])
        batches[-1].append(i)
    return [batch for batch in batches if batch]
