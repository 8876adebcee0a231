"""Spearman's rank correlation of a few pairs, with an interval and an exact test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from harness.stats.counts import Floats
from harness.stats.intervals import normal_quantile

FEWEST = 4
"""Pairs below which a rank correlation says nothing."""
EXACT = 8
"""Pairs up to which every order is tried for the test."""
DRAWS = 20_000


@dataclass(frozen=True)
class Correlation:
    """How two rankings go together.

    Attributes:
        rho: From -1 to 1; None where there are too few pairs or one side never varies.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p: Two-sided chance of such a correlation if the pairs were matched at random.
        n: Pairs.
        method: How interval and test were made, or why there is no correlation.
    """

    rho: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    method: str


def spearman(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Rank correlation; ties share their mean rank.

    The interval is Fisher's z with the standard error ``sqrt((1 + rho^2 / 2) / (n - 3))`` (Bonett
    and Wright 2000, Psychometrika 65:23); it is rough for few pairs. The test permutes: all orders
    up to eight pairs, else 20,000 seeded draws.

    Args:
        first: One value for each pair.
        second: The other, in the same order.
    """
    n = len(first)
    if n < FEWEST:
        return Correlation(None, None, None, None, n, f"none: {n} pairs; {FEWEST} are the fewest")
    one, two = _ranks(first), _ranks(second)
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return Correlation(None, None, None, None, n, "none: one of the two never varies")
    rho = _pearson(one, two)
    z = math.atanh(max(-1 + 1e-9, min(1 - 1e-9, rho)))
    reach = normal_quantile(0.95) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    p, test = _test(one, two, rho)
    method = f"Fisher's z with Bonett and Wright's error; {test}"
    return Correlation(rho, math.tanh(z - reach), math.tanh(z + reach), p, n, method)


def _ranks(values: Sequence[float]) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[inverse])


def _pearson(one: Floats, two: Floats) -> float:
    a, b = one - one.mean(), two - two.mean()
    return float(np.clip((a @ b) / math.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def _test(one: Floats, two: Floats, rho: float) -> tuple[float, str]:
    n = len(one)
    if n <= EXACT:
        orders = np.array(list(permutations(range(n))))
        said = "exact permutation test"
    else:
        rng = np.random.default_rng(0)
        orders = np.argsort(rng.random((DRAWS, n)), axis=1)
        said = f"permutation test, {DRAWS} draws"
    a, b = one - one.mean(), two - two.mean()
    found = np.abs(b[orders] @ a) / math.sqrt((a @ a) * (b @ b))
    extreme = int((found >= abs(rho) - 1e-9).sum())
    # The observed order is one of the draws.
    return (extreme / len(orders) if n <= EXACT else (extreme + 1) / (DRAWS + 1)), said
