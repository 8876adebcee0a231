"""Many answers in one batch, from a plain decode loop; no Inspect here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from harness.errors import SampleError
from harness.models.chat_format import end_tokens
from harness.models.loading import LoadedModel
from harness.sampling.cache import new_cache, widen
from harness.sampling.draw import draw_tokens, row_uniforms
from harness.sampling.replies import read_replies
from harness.sampling.settings import Completion, SamplingSettings, StopReason

MAX_ROWS = 256
# Floats summed at once by a CPU's widest vectors.
LANES = 16


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
    """Answer one prompt once per seed; see ``sample_rows``."""
    prompts = [prompt_ids] * len(seeds)
    return sample_rows(loaded, prompts, seeds, settings, max_rows=max_rows, cancelled=cancelled)


def sample_rows(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    settings: SamplingSettings,
    *,
    max_rows: int = MAX_ROWS,
    cancelled: Callable[[], bool] | None = None,
) -> list[Completion]:
    """Answer each prompt with its seed.

    Equal prompts of a batch are read once and their cache repeated. A row depends on its prompt
    and seed, the settings and the model, not on the other rows (up to the rounding of batched
    matrix products).

    Args:
        loaded: Model and tokenizer.
        prompts: Token ids of each row's prompt, special tokens included.
        seeds: One seed per row, each in ``[0, 2**64)``.
        settings: How to sample.
        max_rows: Most rows in one batch; more are split in order.
        cancelled: Asked at every step; True ends the work.

    Raises:
        SampleError: A prompt is empty or leaves no room in the model's context.
        SamplingCancelled: ``cancelled`` said so.
    """
    rooms = [answer_room(loaded, len(prompt)) for prompt in prompts]
    limits = [min(settings.max_tokens, room) for room in rooms]
    answers: list[Completion] = []
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        for start in range(0, len(seeds), max_rows):
            part = slice(start, start + max_rows)
            batch = _Batch(loaded, prompts[part], seeds[part], settings, limits[part])
            answers += batch.answers(cancelled)
    return answers


def stop_ids(loaded: LoadedModel) -> frozenset[int]:
    """Token ids that end an answer."""
    return end_tokens(loaded.tokenizer, loaded.model)


def answer_room(loaded: LoadedModel, prompt_tokens: int) -> int:
    """Tokens the model's context leaves after the prompt.

    Raises:
        SampleError: There is no prompt, or no room.
    """
    context = _context(loaded)
    if prompt_tokens == 0:
        raise SampleError("The prompt is empty.")
    if context is None:
        return 1 << 30
    if prompt_tokens >= context:
        raise SampleError(
            f"The prompt has {prompt_tokens} tokens; the model's context holds {context}.",
            hint="Shorten the question or the system prompt, or use a model with a longer context.",
        )
    return context - prompt_tokens


def has_room(loaded: LoadedModel, prompt_tokens: int) -> bool:
    """Whether the model's context leaves room for an answer to a prompt of that length."""
    context = _context(loaded)
    return context is None or prompt_tokens < context


def _context(loaded: LoadedModel) -> int | None:
    """Longest text of the model in tokens, if its config states it."""
    found = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    return None if found is None else int(found)


class _Batch:
    """Rows that are decoded together; finished ones leave the cache."""

    def __init__(
        self,
        loaded: LoadedModel,
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[int],
        settings: SamplingSettings,
        limits: Sequence[int],
    ) -> None:
        self._loaded, self._settings, self._limits = loaded, settings, limits
        self._ends = stop_ids(loaded)
        device = loaded.device
        self._steps = max(limits)
        self._prompts = prompts
        self._uniforms = row_uniforms(seeds, self._steps, device)
        self._tokens = torch.zeros(len(seeds), self._steps, dtype=torch.long, device=device)
        self._read(prompts)

    def _read(self, prompts: Sequence[Sequence[int]]) -> None:
        """One pass over the distinct prompts, padded on the left."""
        device = self._loaded.device
        index = {p: i for i, p in enumerate(dict.fromkeys(map(tuple, prompts)))}
        longest = max(map(len, index))
        on_cpu = device.type == "cpu"
        if on_cpu:
            # Whole vectors of padding leave the order in which a row's attention is summed as it
            # is, so that its answer does not depend, in any bit, on the length of other prompts.
            longest = -(-longest // LANES) * LANES
        ids = [[0] * (longest - len(p)) + list(p) for p in index]
        seen = [[0] * (longest - len(p)) + [1] * len(p) for p in index]
        row_prompt = torch.tensor([index[tuple(p)] for p in prompts], device=device)
        # No mask where nothing is padded: attention is much faster without one on a GPU.
        padded = on_cpu or any(len(p) < longest for p in index)
        self._mask = torch.tensor(seen, device=device) if padded else None
        self._cache = new_cache(self._loaded.model)
        self._logits = self._forward(torch.tensor(ids, device=device))[row_prompt]
        self._mask = self._mask[row_prompt] if self._mask is not None else None
        widen(self._cache, row_prompt)

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits after the last position, shape ``(rows, vocabulary)``."""
        extra: dict[str, Any] = {}
        if self._mask is not None:
            positions = (self._mask.cumsum(dim=-1) - 1).clamp(min=0)
            extra = {
                "attention_mask": self._mask,
                "position_ids": positions[:, -ids.shape[1] :],
            }
        out = self._loaded.model(
            input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1, **extra
        )
        last: torch.Tensor = out.logits[:, -1]
        return last

    def answers(self, cancelled: Callable[[], bool] | None) -> list[Completion]:
        """Decode until every row has ended."""
        device = self._loaded.device
        ends = torch.tensor(sorted(self._ends), dtype=torch.long, device=device)
        limits = torch.tensor(list(self._limits), device=device)
        rows = torch.arange(len(limits), device=device)
        live = torch.ones_like(rows, dtype=torch.bool)
        for step in range(self._steps):
            if cancelled is not None and cancelled():
                raise SamplingCancelled("Sampling was cancelled.")
            chosen = draw_tokens(self._logits, self._uniforms[rows, step], self._settings)
            self._tokens[rows, step] = chosen
            live &= ~torch.isin(chosen, ends) & (step + 1 < limits[rows])
            alive = int(live.sum())
            if alive == 0:
                break
            # Dropping rows copies the cache, so it waits until an eighth of them has finished.
            if len(rows) - alive > len(rows) // 8:
                kept = live.nonzero().squeeze(-1)
                self._keep(kept)
                rows, chosen, live = rows[kept], chosen[kept], live[kept]
            if self._mask is not None:
                self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=1)
            self._logits = self._forward(chosen.unsqueeze(-1))
        return self._completions()

    def _keep(self, kept: torch.Tensor) -> None:
        self._cache.reorder_cache(kept)
        self._mask = self._mask[kept] if self._mask is not None else None

    def _completions(self) -> list[Completion]:
        bodies, lengths, reasons = [], [], []
        for row, limit in zip(self._tokens.tolist(), self._limits, strict=True):
            end = next((i for i, token in enumerate(row[:limit]) if token in self._ends), None)
            bodies.append(row[:limit] if end is None else row[:end])
            lengths.append(limit if end is None else end + 1)
            reasons.append(self._cut(limit) if end is None else "stop")
        replies = read_replies(self._loaded.tokenizer, self._prompts, bodies)
        return [
            Completion(reply.answer, tokens, reason, reply.thoughts)
            for reply, tokens, reason in zip(replies, lengths, reasons, strict=True)
        ]

    def _cut(self, limit: int) -> StopReason:
        return "max_tokens" if limit == self._settings.max_tokens else "model_length"
