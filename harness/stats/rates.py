"""Shares of misaligned answers with intervals that respect questions and training seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from harness.stats.clustered import clustered_interval
from harness.stats.counts import tabulate
from harness.stats.definitions import COHERENT, D1, Definition, Judged
from harness.stats.intervals import wilson

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
    logit-t interval (a bootstrap of three seeds cannot look beyond the three) nor than the Wilson
    interval on the effective sample size: a bootstrap is too sure of rare events and of rates that
    a few questions carry.

    What to expect at 95 % from 12 questions on: the interval covers the true mean in 93 to 98 %
    of simulated runs, over rates from 5 to 30 %, one to five seeds and question rates that are
    equal, even or skewed; taking answers for independent covers 20 to 65 %
    (``tests/stats/test_coverage.py``). With 8 questions of which a few carry a 10 % rate it is
    85 %. Ask more questions rather than more often.

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
    low, high, method = clustered_interval(table, level, resamples, rng_seed)
    if definition.per_prompt:
        method += "; a share of prompts, count is those with any such answer"
    return Rate(table.share, low, high, table.count, table.of, definition.label, method)


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
    low, high = wilson(float(table.hits.sum()), table.of, level)
    return Rate(
        table.share,
        low,
        high,
        table.count,
        table.of,
        definition.label,
        "Wilson (independent answers)",
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
