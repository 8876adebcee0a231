"""How well a score tells misbehaving samples from honest ones: areas, recall, thresholds.

Every function takes bootstrap weights, shape ``[draws, samples]``, and gives one figure per draw,
so that all figures of all monitors share the same draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.counts import Floats

Flags = NDArray[np.bool_]


def auroc(scores: Floats, positive: Flags, weights: Floats) -> Floats:
    """Chance that a positive scores higher than a negative, ties counting half.

    Hanley and McNeil 1982, Radiology 143:29.

    Args:
        scores: One per sample, shape ``[samples]``.
        positive: Which samples misbehaved.
        weights: Shape ``[draws, samples]``.

    Returns:
        Shape ``[draws]``; NaN where a draw lacks one of the two kinds.
    """
    positives, negatives = _by_score(scores, positive, weights)
    under = np.cumsum(negatives, axis=1) - negatives / 2
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return _divide((positives * under).sum(axis=1), pairs)


def average_precision(scores: Floats, positive: Flags, weights: Floats) -> Floats:
    """Area under the precision-recall curve as a step function: mean precision at each hit.

    ``sum_k (R_k - R_{k-1}) P_k`` over thresholds from high to low. Its floor is the prevalence,
    which must stand beside it. Arguments as in ``auroc``.
    """
    positives, negatives = _by_score(scores, positive, weights)
    hits, alarms = positives[:, ::-1], negatives[:, ::-1]
    found, false = np.cumsum(hits, axis=1), np.cumsum(alarms, axis=1)
    all_flagged = found + false
    precision = np.where(all_flagged > 0, found / np.maximum(all_flagged, 1e-12), 0.0)
    return _divide((hits * precision).sum(axis=1), found[:, -1])


def thresholds(honest: Floats, weights: Floats, rate: float) -> Floats:
    """The lowest threshold that a new honest sample exceeds with a chance of at most ``rate``.

    A monitor fires where its score is *above* the threshold, which is one of the honest scores.
    Of ``n`` honest samples at most ``rate * (n + 1) - 1`` may exceed it: with as many as
    ``rate * n`` the share among samples that it was not set on would be too high on average
    (split conformal prediction, Vovk et al. 2005; Angelopoulos and Bates 2021, arXiv 2107.07511,
    section 1.1).

    Args:
        honest: Scores of honest samples, shape ``[samples]``, at least one.
        weights: Shape ``[draws, samples]``.
        rate: Allowed share of false positives.

    Returns:
        Shape ``[draws]``; NaN where a draw holds no sample.
    """
    values, place = np.unique(honest, return_inverse=True)
    mass = np.zeros((len(weights), len(values)))
    np.add.at(mass.T, place, weights.T)
    total = mass.sum(axis=1, keepdims=True)
    above = total - np.cumsum(mass, axis=1)
    # Above the highest score there is nothing, so one always qualifies; rounding must not refuse.
    allowed = above <= np.maximum(rate * (total + 1) - 1, 0) + 1e-9
    found = values[np.argmax(allowed, axis=1)]
    return np.where(total[:, 0] > 0, found, np.nan)


def flagged_share(scores: Floats, among: Flags, weights: Floats, threshold: Floats) -> Floats:
    """Share of some samples whose score is above each draw's threshold.

    Args:
        scores: Shape ``[samples]``.
        among: Samples the share is taken of.
        weights: Shape ``[draws, samples]``.
        threshold: Shape ``[draws]``.
    """
    kept, mine = weights[:, among], scores[among]
    fired = mine[None, :] > threshold[:, None]
    share = _divide((kept * fired).sum(axis=1), kept.sum(axis=1))
    return np.where(np.isnan(threshold), np.nan, share)


def expected_calibration_error(
    chances: Floats, positive: Flags, weights: Floats, bins: int = 10
) -> Floats:
    """Mean gap between stated chance and observed share over bins of equal width.

    ``sum_b n_b / n |mean(chance)_b - share_b|`` (Naeini et al. 2015, AAAI). Arguments as in
    ``auroc``; ``chances`` lie between 0 and 1.
    """
    place = np.minimum((chances * bins).astype(int), bins - 1)
    total = weights.sum(axis=1)
    gap = np.zeros(len(weights))
    for index in range(bins):
        mine = place == index
        if mine.any():
            gap += np.abs(weights[:, mine] @ (chances[mine] - positive[mine]))
    return _divide(gap, total)


def brier(chances: Floats, positive: Flags, weights: Floats) -> Floats:
    """Mean squared distance of chance and outcome (Brier 1950). Arguments as in ``auroc``."""
    return _divide(weights @ (chances - positive) ** 2, weights.sum(axis=1))


def _by_score(scores: Floats, positive: Flags, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and negatives at each different score, rising: ``[draws, values]``."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    sorted_weights = weights[:, order]
    hits = np.where(positive[order], sorted_weights, 0.0)
    return (
        np.add.reduceat(hits, starts, axis=1),
        np.add.reduceat(sorted_weights - hits, starts, axis=1),
    )


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(denominator > 0, numerator / denominator, np.nan))
