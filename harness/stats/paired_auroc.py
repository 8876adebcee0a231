"""Telling two kinds of answers apart within questions, so that questions cannot do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.stats.counts import Floats

Flags = NDArray[np.bool_]


def paired_auroc(scores: Floats, positive: Flags, groups: NDArray[Any]) -> Floats:
    """Chance that a positive scores higher than a negative *of the same group*, ties half.

    The Mann-Whitney statistic over pairs within groups, every pair weighing the same. Where groups
    differ both in score and in how many positives they hold, the plain area would credit the score
    with telling the groups apart.

    Args:
        scores: Shape ``[samples, measures]``.
        positive: Shape ``[samples]``.
        groups: Name of each sample's group, shape ``[samples]``.

    Returns:
        Shape ``[measures]``; NaN where no group holds both kinds.
    """
    wins, pairs = np.zeros(scores.shape[1]), 0
    for inside in _groups(groups):
        high, low = scores[inside & positive], scores[inside & ~positive]
        above = high[:, None, :] > low[None, :, :]
        equal = high[:, None, :] == low[None, :, :]
        wins += above.sum(axis=(0, 1)) + equal.sum(axis=(0, 1)) / 2
        pairs += len(high) * len(low)
    return wins / pairs if pairs else np.full(scores.shape[1], np.nan)


def shuffled_within(positive: Flags, groups: NDArray[Any], rng: np.random.Generator) -> Flags:
    """The flags shuffled among the samples of each group: how many are positive stays."""
    found = positive.copy()
    for inside in _groups(groups):
        found[inside] = rng.permutation(positive[inside])
    return found


def _groups(groups: NDArray[Any]) -> Iterator[Flags]:
    for name in np.unique(groups):
        yield groups == name
