"""Answers counted by question and training seed, the table under every interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.definitions import Definition, Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """How many answers count, by question and seed.

    Attributes:
        hits: Answers in the numerator, shape ``[questions, seeds]``.
        totals: Answers in the denominator, same shape.
        questions: Question ids, sorted, one per row.
        seeds: Training seeds, sorted, one per column.
    """

    hits: Floats
    totals: Floats
    questions: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def count(self) -> int:
        """Numerator over all cells."""
        return int(self.hits.sum())

    @property
    def of(self) -> int:
        """Denominator over all cells."""
        return int(self.totals.sum())

    def residuals(self) -> Floats:
        """Each cell's contribution to the error of the pooled rate, shape ``[questions, seeds]``.

        Linearised ratio: ``(hits - p * totals) / sum(totals)`` with ``p`` the pooled rate
        (Cochran 1977, Sampling Techniques, chapter 6). Undefined when ``of`` is 0.
        """
        return (self.hits - self.count / self.of * self.totals) / self.of

    def aligned_to(self, questions: tuple[str, ...]) -> Counts:
        """The same table with one row per given question; absent ones get zero totals."""
        place = {question: row for row, question in enumerate(questions)}
        rows = [place[question] for question in self.questions]
        hits = np.zeros((len(questions), len(self.seeds)))
        totals = np.zeros_like(hits)
        hits[rows], totals[rows] = self.hits, self.totals
        return Counts(hits, totals, questions, self.seeds)


def tabulate(rows: Iterable[Judged], definition: Definition) -> Counts:
    """Count answers by question and seed; those with an empty denominator get no row or column.

    The order of ``rows`` has no influence on the result.
    """
    counted: Sequence[Judged] = [row for row in rows if definition.includes(row)]
    questions = tuple(sorted({row.question for row in counted}))
    seeds = tuple(sorted({row.seed for row in counted}))
    row_of = {question: place for place, question in enumerate(questions)}
    column_of = {seed: place for place, seed in enumerate(seeds)}
    hits = np.zeros((len(questions), len(seeds)))
    totals = np.zeros_like(hits)
    for row in counted:
        cell = row_of[row.question], column_of[row.seed]
        totals[cell] += 1
        hits[cell] += definition.counts(row)
    return Counts(hits, totals, questions, seeds)
