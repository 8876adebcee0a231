"""The interval as published: over fine-tuned models, not over questions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from harness.stats.bootstrap import weights
from harness.stats.counts import tabulate
from harness.stats.definitions import Definition, Judged
from harness.stats.intervals import normal_quantile
from harness.stats.rates import Rate

FEWEST = 5
"""Answers in the denominator below which a question of a model is left out (Betley et al. 2025)."""


def rate_over_models(
    rows: Iterable[Judged],
    definition: Definition,
    level: float = 0.95,
    resamples: int = 2000,
    rng_seed: int = 0,
) -> Rate:
    """Mean over answers, then questions, then models; percentile bootstrap over models.

    Betley et al. 2025 (arXiv 2502.17424), authors' code: a question of a model counts with at
    least 5 answers in the denominator, the share of a model is the mean over its questions, and
    2,000 resamples of the models give a 95 % percentile interval. It says nothing about other
    questions, and with one model it does not exist. Here for comparison with published figures;
    ``harness.stats.rates.rate`` is the harness's own.

    Args:
        rows: Judged answers; every training seed is a model.
        definition: Which answers count, and among which.
        level: Confidence level, between 0 and 1.
        resamples: Number of bootstrap draws.
        rng_seed: Seed of the draws.

    Returns:
        The mean share; count and ``of`` are the answers behind it, so that ``rate`` is in general
        not their quotient. Without ends for a single model, and None where no question has enough
        answers.
    """
    normal_quantile(level)
    table = tabulate(rows, definition)
    counted = table.totals >= FEWEST
    hits, totals = table.hits[counted], table.totals[counted]
    label = definition.label
    if not counted.any():
        return Rate(None, None, None, 0, 0, label, f"none: no question has {FEWEST} answers")
    shares = np.divide(table.hits, table.totals, out=np.zeros_like(table.hits), where=counted)
    models = counted.any(axis=0)
    means = (shares * counted).sum(axis=0)[models] / counted.sum(axis=0)[models]
    value, count, of = float(means.mean()), int(hits.sum()), int(totals.sum())
    if len(means) < 2:
        method = "mean over questions; no interval over one model"
        return Rate(value, None, None, count, of, label, method)
    drawn = weights(np.random.default_rng(rng_seed), len(means), resamples) @ means / len(means)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    method = f"as published: bootstrap over {len(means)} models, {resamples} resamples"
    return Rate(value, float(low), float(high), count, of, label, method)
