"""Resampling of questions and training seeds, with the correction for few of them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from harness.errors import UsageError
from harness.stats.counts import Counts, Floats
from harness.stats.intervals import normal_quantile


def weights(rng: np.random.Generator, units: int, resamples: int) -> Floats:
    """How often each unit is drawn in each resample, shape ``[resamples, units]``.

    Raises:
        UsageError: ``resamples`` is below 1.
    """
    if resamples < 1:
        raise UsageError(f"cannot draw {resamples} resamples", hint="2000 is usual.")
    return rng.multinomial(units, np.full(units, 1 / units), size=resamples).astype(np.float64)


def drawn_rates(table: Counts, by_question: Floats, by_seed: Floats) -> Floats:
    """Pooled rate of each resample; NaN where a resample holds no answer.

    Questions and seeds are crossed (every seed answers every question), so both are resampled and
    a cell weighs the product (Owen 2007, "The pigeonhole bootstrap", Ann. Appl. Stat. 1:386;
    slightly conservative by construction)::

        rate_b = sum_qs v_bq w_bs hits_qs / sum_qs v_bq w_bs totals_qs

    Args:
        table: Counts, shape ``[questions, seeds]``.
        by_question: Question weights ``v``, shape ``[resamples, questions]``.
        by_seed: Seed weights ``w``, shape ``[resamples, seeds]``.

    Returns:
        Rates, shape ``[resamples]``.
    """
    hits = ((by_question @ table.hits) * by_seed).sum(axis=1)
    totals = ((by_question @ table.totals) * by_seed).sum(axis=1)
    empty = np.full(len(totals), np.nan)
    return np.asarray(np.divide(hits, totals, out=empty, where=totals > 0))


def expanded_percentile(
    drawn: Floats, groupings: list[Floats], level: float
) -> tuple[float, float] | None:
    """Percentile interval with its tails widened for a small number of clusters.

    A plain percentile interval over ``k`` clusters is too narrow twice over: its variance is short
    by ``(k - 1) / k`` and it uses a normal quantile where a t quantile is due. Both are mended by
    moving the percentiles out to ``Phi(-+ t * sqrt(V / V_boot))`` (the expanded percentile interval
    of Hesterberg 2015, "What teachers should know about the bootstrap", arXiv 1411.5279). For one
    grouping ``V / V_boot = k / (k - 1)`` and t has ``k - 1`` degrees of freedom; for several,
    variances add and the degrees of freedom are Satterthwaite's.

    Args:
        drawn: Resampled statistics, shape ``[resamples]``; NaN is left out.
        groupings: For each resampled unit type (question, seed), the linearised error of every
            unit, shape ``[units]``; its sum of squares is the bootstrap variance.
        level: Confidence level, between 0 and 1.

    Returns:
        Lower and upper end in the unit of ``drawn``, or None when the draws do not vary.
    """
    normal_quantile(level)
    drawn = drawn[~np.isnan(drawn)]
    spread = _spread(groupings, level)
    if spread is None or len(drawn) == 0 or np.ptp(drawn) < 1e-12:
        return None
    tail = NormalDist().cdf(-spread.reach / spread.shown)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def plain_t(value: float, groupings: list[Floats], level: float) -> tuple[float, float] | None:
    """t interval from linearised errors: ``value -+ t * sqrt(V)``; None where nothing varies.

    Arguments and degrees of freedom as in ``expanded_percentile``.
    """
    spread = _spread(groupings, level)
    return (value - spread.reach, value + spread.reach) if spread else None


def logit_t(share: float, groupings: list[Floats], level: float) -> tuple[float, float] | None:
    """t interval of a share on the logit scale: ``logit(p) -+ t * sqrt(V) / (p (1 - p))``.

    Stays between 0 and 1 and leans the right way for rare events (Korn and Graubard 1999, Analysis
    of Health Surveys, section 3.2). Unlike a percentile interval it can reach beyond the clusters
    that were drawn, which matters for three training seeds.

    Returns:
        Lower and upper end as shares; None where nothing varies or the share is 0 or 1.
    """
    spread = _spread(groupings, level)
    if spread is None or not 0 < share < 1:
        return None
    middle, reach = math.log(share / (1 - share)), spread.reach / (share * (1 - share))
    return _expit(middle - reach), _expit(middle + reach)


class _Spread(NamedTuple):
    """How far an interval reaches (t times the standard error), and what draws show of one."""

    reach: float
    shown: float


def _spread(groupings: list[Floats], level: float) -> _Spread | None:
    from scipy.special import stdtrit

    parts = [(float((errors**2).sum()), len(errors)) for errors in groupings if len(errors) > 1]
    shown = sum(variance for variance, _ in parts)
    if math.isclose(shown, 0.0, abs_tol=1e-18):
        return None
    mended = [(variance * units / (units - 1), units - 1) for variance, units in parts]
    total = sum(variance for variance, _ in mended)
    freedom = total**2 / sum(variance**2 / degrees for variance, degrees in mended)
    quantile = float(stdtrit(freedom, (1 + level) / 2))
    return _Spread(quantile * math.sqrt(total), math.sqrt(shown))


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
