"""Closed-form intervals for shares, and what clustering costs in sample size."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from harness.errors import UsageError
from harness.stats.counts import Floats


def normal_quantile(level: float) -> float:
    """Two-sided normal quantile: 1.96 for ``level`` 0.95.

    Raises:
        UsageError: ``level`` is not strictly between 0 and 1.
    """
    if not 0 < level < 1:
        raise UsageError(
            f"confidence level {level:g} makes no sense", hint="Use a number such as 0.95."
        )
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(
    count: float, of: float, level: float = 0.95, design_effect: float = 1.0
) -> tuple[float, float]:
    """Wilson score interval of a share, never of zero width.

    With ``p = count / of`` and ``n = of / design_effect``::

        (p + z^2 / 2n  -+  z * sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)

    Wilson 1927, JASA 22:209; on an effective sample size as in Korn and Graubard 1998,
    Survey Methodology 24:193.

    Args:
        count: Answers that count.
        of: Answers the share is taken of, above 0.
        level: Confidence level, between 0 and 1.
        design_effect: Factor by which clustering inflates the variance; below 1 counts as 1.

    Returns:
        Lower and upper end, as shares.

    Raises:
        ValueError: ``of`` is not positive, or ``count`` lies outside 0 to ``of``.
    """
    if of <= 0 or not 0 <= count <= of:
        raise ValueError(f"no share of {count} in {of}")
    z = normal_quantile(level)
    p, n = count / of, of / max(design_effect, 1.0)
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if count == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if count == of else min(1.0, (middle + spread) / scale)
    return low, high


def newcombe(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    """Hybrid score interval of ``first - second`` from the intervals of both shares.

    With ``d = p1 - p2``::

        low  = d - sqrt((p1 - low1)^2 + (high2 - p2)^2)
        high = d + sqrt((high1 - p1)^2 + (p2 - low2)^2)

    Newcombe 1998, Statistics in Medicine 17:873, method 10.

    Args:
        first: Share, lower and upper end of the first arm.
        second: The same of the second arm.

    Returns:
        Lower and upper end of the difference, as shares from -1 to 1.
    """
    (p1, low1, high1), (p2, low2, high2) = first, second
    low = p1 - p2 - math.hypot(p1 - low1, high2 - p2)
    high = p1 - p2 + math.hypot(high1 - p1, p2 - low2)
    return max(-1.0, low), min(1.0, high)


def intraclass_correlation(hits: Floats, totals: Floats) -> float | None:
    """How alike answers of one cluster are: 0 not at all, 1 all the same.

    One-way analysis of variance estimator for binary data: with the mean squares between (B) and
    within (W) clusters and the mean cluster size ``m0 = (N - sum(m^2) / N) / (k - 1)``::

        ICC = (B - W) / (B + (m0 - 1) W), clipped to 0..1

    Ridout, Demetrio and Firth 1999, Biometrics 55:137.

    Args:
        hits: Answers that count, one number per cluster, shape ``[clusters]``.
        totals: Cluster sizes, same shape, all above 0.

    Returns:
        The correlation, or None where the data cannot show one: fewer than two clusters, one
        answer per cluster, or all answers the same.
    """
    clusters, answers = len(totals), float(totals.sum())
    if clusters < 2 or answers <= clusters:
        return None
    share = hits.sum() / answers
    shares = hits / totals
    between = float((totals * (shares - share) ** 2).sum()) / (clusters - 1)
    within = float((totals * shares * (1 - shares)).sum()) / (answers - clusters)
    size = (answers - float((totals**2).sum()) / answers) / (clusters - 1)
    total = between + (size - 1) * within
    if total <= 0:
        return None
    return float(np.clip((between - within) / total, 0.0, 1.0))


def design_effect(hits: Floats, totals: Floats) -> float | None:
    """Factor by which clustering inflates the variance of the pooled share; at least 1.

    ``1 + (m - 1) * ICC`` with the answer-weighted cluster size ``m = sum(m_i^2) / sum(m_i)``
    (Kish 1965, Survey Sampling, chapter 5). The effective sample size is ``of`` divided by it.

    Args:
        hits: Answers that count, shape ``[clusters]``.
        totals: Cluster sizes, same shape, all above 0.

    Returns:
        The factor, or None where the correlation cannot be estimated.
    """
    correlation = intraclass_correlation(hits, totals)
    if correlation is None:
        return None
    size = float((totals**2).sum() / totals.sum())
    return 1 + (size - 1) * correlation
