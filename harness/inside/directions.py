"""Directions in the residual stream: differences of means, the axis of the drift, and their nulls.

The difference of means is that of Soligo, Turner et al. 2025 (arXiv 2506.11618): the mean residual
over the tokens of misaligned answers minus that of aligned ones, by layer, inside the fine-tuned
model.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from harness.errors import DataError


def mean_difference(positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """Mean of one group minus mean of the other, shape ``(layers, width)``.

    Args:
        positive: Residuals, shape ``(answers, layers, width)``.
        negative: The same of the other group; both have at least one answer.
    """
    return positive.mean(dim=0) - negative.mean(dim=0)


def shuffled_difference(positive: torch.Tensor, negative: torch.Tensor, seed: int) -> torch.Tensor:
    """The same with the labels dealt out at random: what a difference of nothing looks like."""
    both = torch.cat([positive, negative])
    order = list(range(len(both)))
    random.Random(seed).shuffle(order)
    return mean_difference(both[order[: len(positive)]], both[order[len(positive) :]])


def drift_axis(drift: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
    """First principal component of what fine-tuning changed, text by text.

    Args:
        drift: Fine-tuned minus base residuals of the same texts, shape
            ``(answers, layers, width)``, at least two.

    Returns:
        Unit vectors, shape ``(layers, width)``, turned to agree with the mean drift; and the share
        of the variance around the mean that each explains, by layer.

    Raises:
        DataError: One text has no variance.
    """
    if len(drift) < 2:
        raise DataError("The axis of a drift needs at least two texts.")
    axes, shares = [], []
    for layer in range(drift.shape[1]):
        rows = drift[:, layer].double()
        mean = rows.mean(dim=0)
        _, values, vectors = torch.linalg.svd(rows - mean, full_matrices=False)
        axis = vectors[0] if float(vectors[0] @ mean) >= 0 else -vectors[0]
        total = float((values**2).sum())
        axes.append(axis.float())
        shares.append(float(values[0] ** 2) / total if total > 0 else 0.0)
    return torch.stack(axes), shares


def random_like(vector: torch.Tensor, seed: int) -> torch.Tensor:
    """A random direction of the same norm, each row by itself; shape as ``vector``.

    Isotropic: what any direction of this norm does.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn: torch.Tensor = torch.randn(vector.shape, generator=generator)
    unit = drawn / drawn.norm(dim=-1, keepdim=True)
    drawn = unit * vector.float().norm(dim=-1, keepdim=True)
    return drawn


def cosine(first: torch.Tensor, second: torch.Tensor) -> list[float | None]:
    """Cosine by layer of two ``(layers, width)`` tensors; None where a vector is zero."""
    found: list[float | None] = []
    for one, other in zip(first.double(), second.double(), strict=True):
        norms = float(one.norm() * other.norm())
        found.append(float(one @ other) / norms if norms > 0 else None)
    return found


def projections(residuals: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """How far each answer lies along a direction, shape ``(answers, layers)``.

    Args:
        residuals: Shape ``(answers, layers, width)``.
        direction: Shape ``(layers, width)``; its norm does not matter.
    """
    unit = direction / direction.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return torch.einsum("alw,lw->al", residuals, unit)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Chance that a positive example lies above a negative one, ties half; None if one is empty.

    Mann and Whitney 1947, Annals of Mathematical Statistics 18:50.
    """
    if not positive or not negative:
        return None
    from scipy.stats import mannwhitneyu

    above = mannwhitneyu(positive, negative, method="asymptotic").statistic
    return float(above) / (len(positive) * len(negative))
