"""Rates and differences as figures of a side record."""

from __future__ import annotations

from collections.abc import Mapping

from harness.runs.instruments import Value
from harness.stats.differences import Difference
from harness.stats.rates import Rate


def value_of(found: Rate) -> Value:
    """A rate as a figure of a side record."""
    return Value(
        value=found.rate,
        low=found.low,
        high=found.high,
        count=found.count,
        of=found.of,
        n=found.of,
        method=found.method,
    )


def difference_of(found: Difference, compared: tuple[str, str], arms: Mapping[str, Value]) -> Value:
    """A difference as a figure of a side record, in the words of the arms compared.

    Args:
        found: The difference.
        compared: Names of the two arms.
        arms: Their rates, for the observations behind both.
    """
    names = {"in bad and control": f"in {compared[0]} and {compared[1]}"}
    names |= {"in bad": f"in {compared[0]}", "in control": f"in {compared[1]}"}
    method = found.method
    for usual, mine in names.items():
        if usual in method:
            method = method.replace(usual, mine)
            break
    n = 0 if found.rate is None else sum(arms[arm].n for arm in compared if arm in arms)
    return Value(value=found.rate, low=found.low, high=found.high, n=n, method=method)
