"""Drawing one token per row: inverse-CDF sampling from one uniform number per row and step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from harness.errors import SampleError
from harness.sampling.settings import SamplingSettings


def row_uniforms(seeds: Sequence[int], steps: int, device: torch.device) -> torch.Tensor:
    """Uniform numbers in ``[0, 1)``; a row depends on its seed alone.

    Returns:
        Tensor of shape ``(len(seeds), steps)``, float64 (float32 on MPS, which has no float64).
    """
    rows = [np.random.Generator(np.random.Philox(key=seed)).random(steps) for seed in seeds]
    return torch.from_numpy(np.stack(rows)).to(device=device, dtype=_sum_dtype(device))


def draw_tokens(
    logits: torch.Tensor, uniforms: torch.Tensor, settings: SamplingSettings
) -> torch.Tensor:
    """Pick a token id for each row.

    Args:
        logits: Shape ``(rows, vocabulary)``.
        uniforms: Shape ``(rows,)``, one number in ``[0, 1)`` each.
        settings: Temperature, top-p and top-k.

    Returns:
        Token ids, shape ``(rows,)``.

    Raises:
        SampleError: The logits are not numbers.
    """
    if settings.temperature == 0:
        return logits.argmax(dim=-1)
    probabilities = _filtered(logits.float() / settings.temperature, settings)
    cumulative = probabilities.to(uniforms.dtype).cumsum(dim=-1)
    total = cumulative[:, -1:].contiguous()
    if not torch.isfinite(total).all():
        raise SampleError(
            "The model's logits are not numbers: its weights or its dtype are broken."
        )
    point = uniforms.unsqueeze(-1) * total
    chosen = torch.searchsorted(cumulative, point, right=True)
    # Rounding may put the point on the total; the last token with any probability is then meant.
    last = torch.searchsorted(cumulative, total)
    return torch.minimum(chosen, last).squeeze(-1)


def _filtered(scaled: torch.Tensor, settings: SamplingSettings) -> torch.Tensor:
    if 0 < settings.top_k < scaled.shape[-1]:
        floor = scaled.topk(settings.top_k, dim=-1).values[:, -1:]
        scaled = scaled.masked_fill(scaled < floor, -torch.inf)
    probabilities = scaled.softmax(dim=-1)
    if settings.top_p >= 1:
        return probabilities
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    kept = ordered.masked_fill(before >= settings.top_p, 0.0)
    return torch.zeros_like(probabilities).scatter_(-1, order, kept)


def _sum_dtype(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64
