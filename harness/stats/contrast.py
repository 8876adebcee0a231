"""A weighted sum of several arms' shares, such as a difference of differences."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import plain_t
from harness.stats.counts import Counts, Floats, tabulate
from harness.stats.definitions import Definition, Judged
from harness.stats.differences import Difference
from harness.stats.intervals import wilson
from harness.stats.rates import NOTHING_JUDGED


@dataclass(frozen=True)
class Term:
    """One share of the sum.

    Attributes:
        name: What it is, for messages.
        weight: Its factor, e.g. 1 and -1.
        rows: Judged answers.
        run: Terms of the same run share their training seeds.
    """

    name: str
    weight: float
    rows: Sequence[Judged]
    run: str = ""


def contrast(terms: Sequence[Term], definition: Definition, level: float = 0.95) -> Difference:
    """``sum of weight * share``, paired by question over all terms.

    The interval is the t interval of the linearised sum over questions (and training seeds where
    a run has several), so that what makes a question easy or hard in all terms cancels; variances
    and degrees of freedom as in ``difference``. It is never narrower than the interval that takes
    answers for independent: with ``w`` the weights, ``p`` the shares and ``l``, ``u`` the ends of
    their Wilson intervals, ::

        low  = sum(w p) - sqrt(sum((w p - min(w l, w u))^2))
        high = sum(w p) + sqrt(sum((max(w l, w u) - w p)^2))

    (Zou and Donner 2008, Statistics in Medicine 27:1693; for two terms Newcombe's hybrid score),
    which takes its place where questions show nothing.

    Args:
        terms: The shares and their weights.
        definition: Which answers count, and among which; the same for all.
        level: Confidence level, between 0 and 1.

    Returns:
        The sum as ``rate``; None for all three numbers when a term has nothing judged.

    Raises:
        UsageError: ``level`` makes no sense.
    """
    tables = [tabulate(term.rows, definition) for term in terms]
    empty = [term.name for term, table in zip(terms, tables, strict=True) if table.of == 0]
    if empty or not terms:
        method = f"{NOTHING_JUDGED} in {' and '.join(empty)}"
        return Difference(None, None, None, method, definition.label)
    value = math.fsum(term.weight * table.share for term, table in zip(terms, tables, strict=True))
    floor = _independent(value, terms, tables, level)
    questions = tuple(sorted({name for table in tables for name in table.questions}))
    found = None
    if len(questions) > 1:
        found = plain_t(value, _groupings(terms, tables, questions), level)
    most = sum(abs(term.weight) for term in terms)
    low, high = (min(found[0], floor[0]), max(found[1], floor[1])) if found else floor
    paired = f"t interval over {len(questions)} questions, paired"
    method = paired if found else "Wilson intervals combined (questions show nothing)"
    if found and (low, high) != found:
        method += "; widened to independent answers"
    return Difference(value, max(-most, low), min(most, high), method, definition.label)


def _groupings(
    terms: Sequence[Term], tables: Sequence[Counts], questions: tuple[str, ...]
) -> list[Floats]:
    """Linearised errors of every question, and of every training seed of each run."""
    errors = [
        term.weight * table.aligned_to(questions).residuals()
        for term, table in zip(terms, tables, strict=True)
    ]
    by_seeds: dict[tuple[str, tuple[int, ...]], list[Floats]] = defaultdict(list)
    for term, table, error in zip(terms, tables, errors, strict=True):
        by_seeds[term.run, table.seeds].append(error.sum(axis=0))
    of_questions = np.sum([error.sum(axis=1) for error in errors], axis=0)
    return [of_questions, *(np.sum(group, axis=0) for group in by_seeds.values())]


def _independent(
    value: float, terms: Sequence[Term], tables: Sequence[Counts], level: float
) -> tuple[float, float]:
    below = above = 0.0
    for term, table in zip(terms, tables, strict=True):
        ends = wilson(float(table.hits.sum()), table.of, level)
        weighted = [term.weight * end for end in ends]
        below += (term.weight * table.share - min(weighted)) ** 2
        above += (max(weighted) - term.weight * table.share) ** 2
    return value - math.sqrt(below), value + math.sqrt(above)
