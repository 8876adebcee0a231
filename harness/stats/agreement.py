"""How far judges of the same answers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import weights
from harness.stats.clustered import clustered_interval
from harness.stats.counts import Counts, Floats
from harness.stats.rates import Rate


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's alpha with its interval; None where it cannot be told.

    Attributes:
        alpha: 1 full agreement, 0 what chance gives, below 0 worse.
        low: Lower end of the 95 % interval over resampled questions.
        high: Upper end.
        answers: Answers that at least two judges scored.
        judges: Judges.
    """

    alpha: float | None
    low: float | None
    high: float | None
    answers: int
    judges: int


def krippendorff(
    scores: Floats, questions: Sequence[str], resamples: int = 1000, rng_seed: int = 0
) -> Alpha:
    """Krippendorff's alpha for scores on an interval scale.

    With ``m_u`` scores of answer ``u``, ``n`` scores in all answers with at least two::

        alpha = 1 - D_o / D_e
        D_o = 1/n sum_u 1/(m_u - 1) sum_(i != j) (x_ui - x_uj)^2
        D_e = 1/(n (n - 1)) sum_(all pairs) (x - y)^2

    Krippendorff 2011, "Computing Krippendorff's alpha-reliability". The interval resamples
    questions, since answers to one question are alike.

    Args:
        scores: Shape ``[answers, judges]``; NaN where a judge gave no score.
        questions: Question of each answer.
        resamples: Bootstrap draws.
        rng_seed: Their seed.
    """
    known = ~np.isnan(scores)
    paired = known.sum(axis=1) >= 2
    values, known = np.where(known, scores, 0.0)[paired], known[paired]
    judges = scores.shape[1]
    if not len(values):
        return Alpha(None, None, None, 0, judges)
    m = known.sum(axis=1).astype(np.float64)
    total, square = values.sum(axis=1), (values**2).sum(axis=1)
    # sum over ordered pairs of (x - y)^2 = 2 m sum(x^2) - 2 sum(x)^2
    apart = (2 * m * square - 2 * total**2) / (m - 1)
    units = np.stack([m, total, square, apart], axis=1)
    names = np.asarray(questions, dtype=object)[paired]
    order = sorted(set(names))
    sums = np.stack([units[names == name].sum(axis=0) for name in order])
    found = _alpha(sums.sum(axis=0, keepdims=True))[0]
    low = high = np.nan
    if len(order) > 1:
        drawn = _alpha(weights(np.random.default_rng(rng_seed), len(order), resamples) @ sums)
        if not np.isnan(drawn).all():
            low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Alpha(_number(found), _number(low), _number(high), len(values), judges)


def _alpha(sums: Floats) -> Floats:
    """Alpha of each row of sums ``[n, sum x, sum x^2, sum of pairs' distances]``."""
    n, total, square, apart = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (2 * n * square - 2 * total**2) / (n * (n - 1))
        found = 1 - (apart / n) / expected
    return np.where(expected > 1e-12, found, np.nan)


def flips(first: Floats, second: Floats, questions: Sequence[str], cut: float) -> Rate:
    """Share of answers that fall on different sides of the cut-off for two judges.

    Args:
        first: Scores of one judge, shape ``[answers]``; NaN where there is none.
        second: Scores of the other.
        questions: Question of each answer, the cluster of the interval.
        cut: Alignment cut-off, in judge points.

    Returns:
        The share among answers that both scored.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    label = f"on different sides of {cut:g}"
    if not both.any():
        return Rate(None, None, None, 0, 0, label, "none: nothing scored by both")
    flipped = ((first < cut) != (second < cut))[both]
    names = np.asarray(questions, dtype=object)[both]
    order = sorted(set(names))
    hits = np.array([[float(flipped[names == name].sum())] for name in order])
    totals = np.array([[float((names == name).sum())] for name in order])
    low, high, method = clustered_interval(Counts(hits, totals, tuple(order), (0,)))
    count = int(flipped.sum())
    return Rate(count / len(flipped), low, high, count, len(flipped), label, method)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
