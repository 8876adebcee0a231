"""Shares of misaligned answers with intervals that respect questions and training seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import drawn_rates, expanded_percentile, weights
from harness.stats.counts import Counts, tabulate
from harness.stats.definitions import COHERENT, D1, Definition, Judged
from harness.stats.intervals import design_effect, wilson

NOTHING_JUDGED = "none: nothing could be judged"


@dataclass(frozen=True)
class Rate:
    """A share and its interval.

    Attributes:
        rate: ``count / of``, from 0 to 1; None when ``of`` is 0, which is not the same as 0.
        low: Lower end of the interval, None when there is no rate.
        high: Upper end of the interval, None when there is no rate.
        count: Answers that count.
        of: Answers the share is taken of.
        definition: Label of the definition, with any cut-off that is not the published one.
        method: How the interval was made.
    """

    rate: float | None
    low: float | None
    high: float | None
    count: int
    of: int
    definition: str
    method: str


def rate(
    rows: Iterable[Judged],
    definition: Definition,
    level: float = 0.95,
    resamples: int = 2000,
    rng_seed: int = 0,
) -> Rate:
    """Pooled share with an interval for questions (and training seeds) like these.

    ``rate = sum(hits) / sum(totals)`` over all questions and seeds. The interval is an expanded
    percentile interval over resampled questions, crossed with resampled training seeds when there
    are several (Betley et al. 2025 resample seeds only; answers to one question are so alike that
    intervals without questions are 1.4 to 4 times too narrow). It is never narrower than the
    Wilson interval on the effective sample size: a bootstrap is too sure of rare events and of
    rates that a few questions carry.

    What to expect at 95 % with 8 questions (400 simulated runs of 400 answers): the interval
    covers the true mean in 93 % when question rates spread evenly from 2 to 60 % (52 % with
    independent answers assumed), in 95 % when all are equal, and in 85 % when a few questions
    carry nearly all of a 10 % rate (38 %). Ask more questions rather than more often.

    Where resampling shows nothing (one question, or the same share everywhere, such as 0 of 600)
    it is the Wilson interval on the effective sample size, and ``method`` says so.

    Args:
        rows: Judged answers, in any order.
        definition: Which answers count, and among which.
        level: Confidence level, between 0 and 1.
        resamples: Number of bootstrap draws.
        rng_seed: Seed of the draws; the same input and seed give the same numbers.

    Returns:
        The share, as a number from 0 to 1; with None for rate and interval when ``of`` is 0.

    Raises:
        UsageError: ``level`` or ``resamples`` makes no sense.
    """
    table = tabulate(rows, definition)
    if table.of == 0:
        return Rate(None, None, None, 0, 0, definition.label, NOTHING_JUDGED)
    drawn = _resampled(table, level, resamples, rng_seed)
    low, high, method = drawn or effective_interval(table, level)
    return Rate(table.count / table.of, low, high, table.count, table.of, definition.label, method)


def _resampled(
    table: Counts, level: float, resamples: int, rng_seed: int
) -> tuple[float, float, str] | None:
    """Bootstrap interval and its name, or None where resampling shows nothing."""
    questions, seeds = table.totals.shape
    rng = np.random.default_rng(rng_seed)
    by_question = weights(rng, questions, resamples)
    by_seed = weights(rng, seeds, resamples)
    if questions < 2:
        return None
    errors = table.residuals()
    found = expanded_percentile(
        drawn_rates(table, by_question, by_seed), [errors.sum(axis=1), errors.sum(axis=0)], level
    )
    if found is None:
        return None
    floor = wilson(table.count, table.of, level, _question_effect(table) or 1.0)
    units = f"{questions} questions" + (f" x {seeds} seeds" if seeds > 1 else "")
    low, high = min(found[0], floor[0]), max(found[1], floor[1])
    note = "; widened to Wilson" if (low, high) != found else ""
    return low, high, f"cluster bootstrap over {units}, {resamples} resamples{note}"


def effective_interval(table: Counts, level: float) -> tuple[float, float, str]:
    """Wilson interval for a table in which resampling shows nothing, and its name.

    The effective sample size is ``of`` divided by the design effect between questions or, with
    one question, between training seeds; where neither can be estimated, answers count as
    independent, which makes the interval a lower bound on the true width.
    """
    one_question = len(table.questions) == 1
    effect = (
        design_effect(table.hits[0], table.totals[0]) if one_question else _question_effect(table)
    )
    why = "one question" if one_question else "the same share in every question"
    size = (
        f"design effect {effect:.2f}"
        if effect is not None
        else "answers taken as independent, so the true interval may be wider"
    )
    low, high = wilson(table.count, table.of, level, effect or 1.0)
    return low, high, f"Wilson ({why}; {size})"


def _question_effect(table: Counts) -> float | None:
    return design_effect(table.hits.sum(axis=1), table.totals.sum(axis=1))


def independent_rate(rows: Iterable[Judged], definition: Definition, level: float = 0.95) -> Rate:
    """Pooled share with the Wilson interval that takes all answers for independent.

    Print it beside ``rate`` to show what clustering costs; on its own it is too narrow as soon as
    there is more than one question.

    Raises:
        UsageError: ``level`` makes no sense.
    """
    table = tabulate(rows, definition)
    if table.of == 0:
        return Rate(None, None, None, 0, 0, definition.label, NOTHING_JUDGED)
    low, high = wilson(table.count, table.of, level)
    share = table.count / table.of
    return Rate(
        share, low, high, table.count, table.of, definition.label, "Wilson (independent answers)"
    )


def per_question(
    rows: Iterable[Judged], definition: Definition, level: float = 0.95
) -> dict[str, Rate]:
    """Share of each question with its Wilson interval, sorted by question id.

    A question that was asked but has no answer in the denominator is there with rate None.

    Raises:
        UsageError: ``level`` makes no sense.
    """
    grouped: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        grouped[row.question].append(row)
    return {name: independent_rate(grouped[name], definition, level) for name in sorted(grouped)}


def coherent_share(
    rows: Iterable[Judged],
    definition: Definition = D1,
    level: float = 0.95,
    resamples: int = 2000,
    rng_seed: int = 0,
) -> Rate:
    """Share of answers at or above the coherence cut-off of ``definition``.

    Taken among answers with a coherence score; interval and arguments as in ``rate``.
    """
    wanted = COHERENT.with_cutoffs(coherence=definition.cutoffs.coherence)
    return rate(rows, wanted, level, resamples, rng_seed)


def unscored(rows: Iterable[Judged]) -> int:
    """Number of answers whose judgement failed; a refusal or code verdict is no failure."""
    return sum(row.is_unscored for row in rows)
