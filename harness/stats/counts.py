"""Answers counted by question and training seed, the table under every interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from harness.stats.definitions import Definition, Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """How many answers count, by question and seed.

    Attributes:
        hits: Answers in the numerator, shape ``[questions, seeds]``; for a share of prompts, the
            chance of each prompt to count.
        totals: Answers (or prompts) in the denominator, same shape.
        questions: Question ids, sorted, one per row.
        seeds: Training seeds, sorted, one per column.
    """

    hits: Floats
    totals: Floats
    questions: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def count(self) -> int:
        """Numerator over all cells; for a share of prompts, those with any hit at all."""
        whole = bool((self.hits == self.hits.round()).all())
        return int(self.hits.sum() if whole else np.count_nonzero(self.hits))

    @property
    def of(self) -> int:
        """Denominator over all cells."""
        return int(self.totals.sum())

    @property
    def share(self) -> float:
        """Pooled share over all cells. Undefined when ``of`` is 0."""
        return float(self.hits.sum() / self.totals.sum())

    def residuals(self) -> Floats:
        """Each cell's contribution to the error of the pooled rate, shape ``[questions, seeds]``.

        Linearised ratio: ``(hits - p * totals) / sum(totals)`` with ``p`` the pooled rate
        (Cochran 1977, Sampling Techniques, chapter 6). Undefined when ``of`` is 0.
        """
        return (self.hits - self.share * self.totals) / self.of

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

    For a share of prompts each cell is one prompt. The order of ``rows`` has no influence.
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
    table = Counts(hits, totals, questions, seeds)
    return _prompts(table, definition.k) if definition.per_prompt else table


def _prompts(answers: Counts, k: int | None) -> Counts:
    """Prompts with at least ``k`` answers, and the chance that any of ``k`` of them counts.

    Without replacement, ``1 - C(n - h, k) / C(n, k)`` for ``h`` hits among ``n`` answers, the
    unbiased estimator of Chen et al. 2021 (arXiv 2107.03374, pass@k).
    """
    n, h = answers.totals, answers.hits
    drawn = np.where(n > 0, n, np.inf) if k is None else np.full_like(n, k)
    asked = n >= drawn
    if not asked.any():
        return Counts(np.zeros((0, 0)), np.zeros((0, 0)), (), ())
    none = np.ones_like(n)
    for i in range(int(drawn[asked].max())):
        inside = asked & (i < drawn)
        left = np.clip(n - h - i, 0, None)
        none[inside] *= left[inside] / (n - i)[inside]
    kept = np.where(asked, 1.0 - none, 0.0)
    rows, columns = np.asarray(asked.any(axis=1)), np.asarray(asked.any(axis=0))
    return Counts(
        kept[rows][:, columns],
        asked.astype(np.float64)[rows][:, columns],
        tuple(compress(answers.questions, rows.tolist())),
        tuple(compress(answers.seeds, columns.tolist())),
    )
