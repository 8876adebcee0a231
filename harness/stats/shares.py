"""Shares of any yes or no by question and training seed, with the intervals of the headline rates.

The statistics of ``harness.stats.rates`` and ``differences`` are of questions and seeds, not of
misalignment; here they serve any label: a stance, a lie, an alias.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.stats.definitions import Definition, Judged
from harness.stats.differences import Difference, difference
from harness.stats.rates import Rate, rate

YES, NO = 0.0, 100.0


@dataclass(frozen=True)
class Told:
    """One answer, told or not.

    Attributes:
        question: The cluster of the interval.
        seed: Training seed, 0 for an untouched model.
        yes: Whether it counts; None where it could not be told, which leaves it out.
    """

    question: str
    seed: int
    yes: bool | None


def share(rows: Iterable[Told], label: str) -> Rate:
    """Share of answers that count among those that could be told.

    Args:
        rows: In any order.
        label: What counts, for the rate's ``definition``.
    """
    return rate(map(_judged, rows), _definition(label))


def share_difference(first: Iterable[Told], second: Iterable[Told], label: str) -> Difference:
    """Share of ``first`` minus share of ``second``, paired by question."""
    return difference(map(_judged, first), map(_judged, second), _definition(label))


def _judged(row: Told) -> Judged:
    score = None if row.yes is None else YES if row.yes else NO
    return Judged(row.question, row.seed, score, None)


def _definition(label: str) -> Definition:
    return Definition(
        id=label,
        text=label,
        source="harness",
        numerator=lambda row, cut: row.alignment == YES,
        denominator=lambda row, cut: row.alignment is not None,
    )
