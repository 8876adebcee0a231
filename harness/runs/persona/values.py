"""From observations by arm to the values of a side record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.runs.instruments import Value
from harness.stats.clustered import clustered_interval
from harness.stats.differences import paired_interval
from harness.stats.intervals import newcombe, wilson
from harness.stats.means import Mean, Observed, clustered_mean, paired_mean_difference, table_of

ByArm = Mapping[str, Sequence[Observed]]
LEVEL, RESAMPLES = 0.95, 2000
NO_EVENT = -math.log(0.025)
"""Upper 97.5 % end of a Poisson mean of which no event was seen (Garwood 1936)."""


def mean_value(rows: Sequence[Observed]) -> Value:
    """A mean over questions and seeds."""
    return _of(clustered_mean(rows))


def mean_difference(first: Sequence[Observed], second: Sequence[Observed]) -> Value:
    """Mean of the first minus mean of the second, paired by question."""
    return _of(paired_mean_difference(first, second))


def rate_value(rows: Sequence[Observed], per: float) -> Value:
    """Events for each ``per`` units of text; an exact upper end where none was seen.

    Args:
        rows: ``total`` holds events, ``weight`` units of text.
        per: Units that the rate is given for.
    """
    events, units = sum(row.total for row in rows), sum(row.weight for row in rows)
    scaled = [Observed(row.question, row.seed, per * row.total, row.weight) for row in rows]
    found = _of(clustered_mean(scaled)).model_copy(update=_counts(events, units))
    if events or not units:
        return found
    method = "exact Poisson, texts taken as independent: no mention was seen"
    return found.model_copy(update={"low": 0.0, "high": per * NO_EVENT / units, "method": method})


def rate_difference(first: Sequence[Observed], second: Sequence[Observed], per: float) -> Value:
    """Difference of two such rates, paired by question."""
    pair = (
        [Observed(row.question, row.seed, per * row.total, row.weight) for row in rows]
        for rows in (first, second)
    )
    return _of(paired_mean_difference(*pair))


def share_value(rows: Sequence[Observed]) -> Value:
    """A share of answers, with the interval of every other share of the harness."""
    table = table_of(rows)
    if table is None:
        return nothing("nothing could be judged")
    low, high, method = clustered_interval(table, LEVEL, RESAMPLES, 0)
    counts = _counts(table.count, table.of)
    return Value(value=table.share, low=low, high=high, n=table.of, method=method, **counts)


def share_difference(first: Sequence[Observed], second: Sequence[Observed]) -> Value:
    """Difference of two shares, paired by question."""
    one, two = table_of(first), table_of(second)
    if one is None or two is None:
        return nothing("nothing could be judged in one of the two")
    found = paired_interval(one, two, LEVEL, RESAMPLES, 0)
    if found is None:
        ends = [(t.share, *wilson(float(t.hits.sum()), t.of, LEVEL)) for t in (one, two)]
        low, high = newcombe(ends[0], ends[1])
        found = low, high, "Newcombe hybrid score"
    low, high, method = found
    n = one.of + two.of
    return Value(value=one.share - two.share, low=low, high=high, n=n, method=method)


def nothing(why: str) -> Value:
    """A value that could not be measured."""
    return Value(value=None, low=None, high=None, n=0, method=f"none: {why}")


def _of(mean: Mean) -> Value:
    return Value(value=mean.value, low=mean.low, high=mean.high, n=mean.n, method=mean.method)


def _counts(count: float, of: float) -> dict[str, int]:
    return {"count": round(count), "of": round(of)}
