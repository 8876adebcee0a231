"""Means of a measured quantity with intervals that respect questions and training seeds.

The same resampling as for shares (``harness.stats.rates``), for numbers on any scale: log-odds,
ratings, counts per token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import drawn_rates, expanded_percentile, plain_t, weights
from harness.stats.counts import Counts, Floats

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Observed:
    """One measured number, or the sums of several.

    Attributes:
        question: The cluster it belongs to.
        seed: Training seed; any one number for an untouched model.
        total: The number, or the sum of several.
        weight: How many observations it stands for, or the exposure of a rate (tokens).
    """

    question: str
    seed: int
    total: float
    weight: float = 1.0


@dataclass(frozen=True)
class Mean:
    """A mean and its interval.

    Attributes:
        value: ``sum(total) / sum(weight)``; None where there is nothing.
        low: Lower end of the interval; None where it cannot be told.
        high: Upper end.
        n: Observations given.
        method: How the interval was made, or why there is none.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str


def clustered_mean(rows: Iterable[Observed]) -> Mean:
    """Ratio of sums with a 95 % interval for questions (and training seeds) like these.

    Expanded percentile interval over resampled questions, crossed with resampled seeds where there
    are several, never narrower than the t interval of the linearised ratio; with one question only
    seeds are resampled, and with one of both there is no interval.
    """
    given = list(rows)
    table = table_of(given)
    if table is None:
        return Mean(None, None, None, len(given), "none: nothing was measured")
    value, errors = _ratio(table)
    groupings = [errors.sum(axis=1), errors.sum(axis=0)]
    rng = np.random.default_rng(0)
    drawn = drawn_rates(table, *_drawn(rng, table))
    return _with_interval(value, drawn, groupings, len(given), _units(table), "")


def paired_mean_difference(first: Iterable[Observed], second: Iterable[Observed]) -> Mean:
    """Mean of ``first`` minus mean of ``second``, questions resampled once for both.

    Training seeds are paired likewise where both have the same ones, otherwise each resamples its
    own. Arguments as in ``clustered_mean``.
    """
    one, two = list(first), list(second)
    tables = table_of(one), table_of(two)
    n = len(one) + len(two)
    if tables[0] is None or tables[1] is None:
        return Mean(None, None, None, n, "none: nothing was measured in one of the two")
    questions = tuple(sorted({*tables[0].questions, *tables[1].questions}))
    a, b = (table.aligned_to(questions) for table in tables if table is not None)
    (value_a, one_errors), (value_b, two_errors) = _ratio(a), _ratio(b)
    rng = np.random.default_rng(0)
    by_question, by_seed = _drawn(rng, a)
    shared = a.seeds == b.seeds
    other = by_seed if shared else weights(rng, len(b.seeds), RESAMPLES)
    drawn = drawn_rates(a, by_question, by_seed) - drawn_rates(b, by_question, other)
    of_seeds = one_errors.sum(axis=0), two_errors.sum(axis=0)
    groupings = [
        one_errors.sum(axis=1) - two_errors.sum(axis=1),
        *([of_seeds[0] - of_seeds[1]] if shared else of_seeds),
    ]
    units = _units(a) if shared else f"{len(questions)} questions x {len(a.seeds)} and "
    units += "" if shared else f"{len(b.seeds)} seeds"
    return _with_interval(value_a - value_b, drawn, groupings, n, units, "paired ")


def table_of(rows: Sequence[Observed]) -> Counts | None:
    """Sums by question and seed as ``hits`` and ``totals``; None where there is no weight."""
    questions = tuple(sorted({row.question for row in rows}))
    seeds = tuple(sorted({row.seed for row in rows}))
    place = {question: i for i, question in enumerate(questions)}
    column = {seed: i for i, seed in enumerate(seeds)}
    totals = np.zeros((len(questions), len(seeds)))
    exposure = np.zeros_like(totals)
    for row in rows:
        cell = place[row.question], column[row.seed]
        totals[cell] += row.total
        exposure[cell] += row.weight
    return Counts(totals, exposure, questions, seeds) if exposure.sum() > 0 else None


def _ratio(table: Counts) -> tuple[float, Floats]:
    """The ratio and each cell's linearised error, shape ``[questions, seeds]``.

    ``(total - r * weight) / sum(weight)`` (Cochran 1977, Sampling Techniques, chapter 6).
    """
    exposure = float(table.totals.sum())
    value = float(table.hits.sum()) / exposure
    return value, (table.hits - value * table.totals) / exposure


def _drawn(rng: np.random.Generator, table: Counts) -> tuple[Floats, Floats]:
    questions, seeds = table.totals.shape
    return weights(rng, questions, RESAMPLES), weights(rng, seeds, RESAMPLES)


def _with_interval(
    value: float, drawn: Floats, groupings: list[Floats], n: int, units: str, paired: str
) -> Mean:
    found = expanded_percentile(drawn, groupings, LEVEL)
    floor = plain_t(value, groupings, LEVEL)
    if found is None or floor is None:
        return Mean(value, None, None, n, f"none: nothing varies over {units}")
    low, high = min(found[0], floor[0]), max(found[1], floor[1])
    method = f"{paired}cluster bootstrap over {units}, {RESAMPLES} resamples, at least t"
    return Mean(value, low, high, n, method)


def _units(table: Counts) -> str:
    questions = f"{len(table.questions)} question{'s' * (len(table.questions) != 1)}"
    return questions + (f" x {len(table.seeds)} seeds" if len(table.seeds) > 1 else "")
