"""Means over a grid of items (scenarios, questions) and training seeds, with t intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import plain_t
from harness.stats.counts import Floats

NOTHING = "none: nothing was measured"


@dataclass(frozen=True)
class GridMean:
    """A mean and its interval; None where there is nothing to take a mean of.

    Attributes:
        value: The mean, or a difference of two means.
        low: Lower end of the interval; None where neither items nor seeds show any spread.
        high: Upper end.
        n: Numbers it was taken of.
        method: How the interval was made, or why there is none.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str


def grid_mean(values: Floats, items: str = "items", level: float = 0.95) -> GridMean:
    """Mean of a full grid with a t interval for items and seeds like these.

    Items and seeds are crossed, so the variances of both groupings add; the degrees of freedom are
    Satterthwaite's (``harness.stats.bootstrap``). One seed leaves the items alone.

    Args:
        values: Shape ``[items, seeds]``, no NaN.
        items: What the items are called in ``method``.
        level: Confidence level, between 0 and 1.
    """
    if values.size == 0:
        return GridMean(None, None, None, 0, NOTHING)
    mean = float(values.mean())
    return _with_interval(mean, _groupings(values), values.size, _units(values, items), level)


def grid_difference(
    first: Floats, second: Floats, *, same_seeds: bool, items: str = "items", level: float = 0.95
) -> GridMean:
    """Mean of the first grid minus that of the second, paired by item.

    Args:
        first: Shape ``[items, seeds]``.
        second: The same items, perhaps other seeds.
        same_seeds: Whether the seeds are the same and in the same order, so that they pair too.
        items: What the items are called in ``method``.
        level: Confidence level, between 0 and 1.
    """
    if first.size == 0 or second.size == 0:
        return GridMean(None, None, None, 0, NOTHING)
    if same_seeds and first.shape == second.shape:
        groupings = _groupings(first - second)
        units = _units(first, items) + ", paired"
    else:
        by_item = _errors(first.mean(axis=1) - second.mean(axis=1))
        seeds = [_errors(first.mean(axis=0)), _errors(second.mean(axis=0))]
        groupings = [by_item, *seeds]
        units = f"{len(first)} {items}, paired, x {first.shape[1]} and {second.shape[1]} seeds"
    value = float(first.mean() - second.mean())
    return _with_interval(value, groupings, first.size + second.size, units, level)


def _with_interval(
    value: float, groupings: list[Floats], n: int, units: str, level: float
) -> GridMean:
    ends = plain_t(value, groupings, level)
    if ends is None:
        return GridMean(value, None, None, n, f"none: no spread over {units}")
    return GridMean(value, *ends, n, f"t interval over {units}")


def _groupings(values: Floats) -> list[Floats]:
    return [_errors(values.mean(axis=1)), _errors(values.mean(axis=0))]


def _errors(means: Floats) -> Floats:
    """What each unit adds to the error of the mean; its sum of squares is the variance."""
    return np.asarray((means - means.mean()) / len(means))


def _units(values: Floats, items: str) -> str:
    found, seeds = values.shape
    return f"{found} {items}" + (f" x {seeds} seeds" if seeds > 1 else "")
