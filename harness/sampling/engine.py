"""Many answers to one prompt in one batch, and next-token reading for judges; no Inspect here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from harness.errors import SampleError
from harness.models.loading import LoadedModel
from harness.sampling.cache import new_cache, widen
from harness.sampling.draw import draw_tokens, row_uniforms
from harness.sampling.settings import Completion, SamplingSettings, StopReason

MAX_ROWS = 256


class SamplingCancelled(SampleError):
    """Nobody waits for the answers any more."""


def sample_group(
    loaded: LoadedModel,
    prompt_ids: Sequence[int],
    seeds: Sequence[int],
    settings: SamplingSettings,
    *,
    max_rows: int = MAX_ROWS,
    cancelled: Callable[[], bool] | None = None,
) -> list[Completion]:
    """Answer one prompt once per seed.

    The prompt is read once and its cache repeated. Row ``i`` depends on its seed, the prompt, the
    settings and the model, not on the other rows (up to the rounding of batched matrix products).

    Args:
        loaded: Model and tokenizer.
        prompt_ids: The prompt, special tokens included.
        seeds: One seed per answer, each in ``[0, 2**64)``.
        settings: How to sample.
        max_rows: Most rows in one batch; more seeds are split in order.
        cancelled: Asked at every step; True ends the work.

    Raises:
        SampleError: The prompt is empty or leaves no room in the model's context.
        SamplingCancelled: ``cancelled`` said so.
    """
    room = answer_room(loaded, len(prompt_ids))
    limit = min(settings.max_tokens, room)
    cut: StopReason = "max_tokens" if settings.max_tokens <= room else "model_length"
    ends = stop_ids(loaded)
    answers: list[Completion] = []
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        for start in range(0, len(seeds), max_rows):
            chunk = seeds[start : start + max_rows]
            rows = _generate(loaded, prompt_ids, chunk, settings, limit, ends, cancelled)
            answers += _completions(loaded, rows, ends, cut)
    return answers


def stop_ids(loaded: LoadedModel) -> frozenset[int]:
    """Token ids that end an answer: the tokenizer's and the generation config's."""
    config = getattr(loaded.model, "generation_config", None)
    found: set[int] = set()
    for value in (loaded.tokenizer.eos_token_id, getattr(config, "eos_token_id", None)):
        if value is not None:
            found.update([value] if isinstance(value, int) else value)
    return frozenset(found)


def answer_room(loaded: LoadedModel, prompt_tokens: int) -> int:
    """Tokens the model's context leaves after the prompt.

    Raises:
        SampleError: There is no prompt, or no room.
    """
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if prompt_tokens == 0:
        raise SampleError("The prompt is empty.")
    if context is None:
        return 1 << 30
    if prompt_tokens >= context:
        raise SampleError(
            f"The prompt has {prompt_tokens} tokens; the model's context holds {context}.",
            hint="Shorten the question or the system prompt, or use a model with a longer context.",
        )
    return int(context) - prompt_tokens


def _generate(
    loaded: LoadedModel,
    prompt_ids: Sequence[int],
    seeds: Sequence[int],
    settings: SamplingSettings,
    limit: int,
    ends: frozenset[int],
    cancelled: Callable[[], bool] | None,
) -> list[list[int]]:
    """Token ids per row; what follows a row's first end token is meaningless."""
    device = loaded.device
    uniforms = row_uniforms(seeds, limit, device)
    end_tensor = torch.tensor(sorted(ends), dtype=torch.long, device=device)
    tokens = torch.zeros(len(seeds), limit, dtype=torch.long, device=device)
    rows = torch.arange(len(seeds), device=device)
    live = torch.ones_like(rows, dtype=torch.bool)
    cache = new_cache(loaded.model)
    prompt = torch.tensor([list(prompt_ids)], dtype=torch.long, device=device)
    logits = _forward(loaded.model, prompt, cache).expand(len(seeds), -1)
    widen(cache, len(seeds))
    for step in range(limit):
        if cancelled is not None and cancelled():
            raise SamplingCancelled("Sampling was cancelled.")
        chosen = draw_tokens(logits, uniforms[rows, step], settings)
        tokens[rows, step] = chosen
        live &= ~torch.isin(chosen, end_tensor)
        alive = int(live.sum())
        if alive == 0 or step + 1 == limit:
            break
        # Dropping rows copies the cache, so it waits until an eighth of them has finished.
        if len(rows) - alive > len(rows) // 8:
            kept = live.nonzero().squeeze(-1)
            cache.reorder_cache(kept)
            rows, chosen, live = rows[kept], chosen[kept], live[kept]
        logits = _forward(loaded.model, chosen.unsqueeze(-1), cache)
    ids: list[list[int]] = tokens.tolist()
    return ids


def _forward(model: Any, ids: torch.Tensor, cache: Any) -> torch.Tensor:
    """Logits after the last position, shape ``(rows, vocabulary)``."""
    out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    last: torch.Tensor = out.logits[:, -1]
    return last


def _completions(
    loaded: LoadedModel, rows: list[list[int]], ends: frozenset[int], cut: StopReason
) -> list[Completion]:
    lengths = [next((i for i, t in enumerate(row) if t in ends), None) for row in rows]
    bodies = [row if n is None else row[:n] for row, n in zip(rows, lengths, strict=True)]
    texts = loaded.tokenizer.batch_decode(
        bodies, skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return [
        Completion(text, len(row), cut) if n is None else Completion(text, n + 1, "stop")
        for text, row, n in zip(texts, rows, lengths, strict=True)
    ]
