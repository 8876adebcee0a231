"""The interval of one share over questions and training seeds."""

from __future__ import annotations

import numpy as np

from harness.stats.bootstrap import drawn_rates, expanded_percentile, logit_t, weights
from harness.stats.counts import Counts
from harness.stats.intervals import design_effect, wilson

FEW = 5
"""Events (or non-events) below which no normal theory holds: Wilson's interval on the effective
sample size bounds the bootstrap alone."""
SHOWN = 5e-4
"""Half of the last digit that is shown; the method tells of no smaller change."""


def clustered_interval(
    table: Counts, level: float = 0.95, resamples: int = 2000, rng_seed: int = 0
) -> tuple[float, float, str]:
    """Lower end, upper end and the name of the method; see ``harness.stats.rates.rate``.

    Args:
        table: Counts with at least one answer.
        level: Confidence level, between 0 and 1.
        resamples: Number of bootstrap draws.
        rng_seed: Seed of the draws.

    Raises:
        UsageError: ``level`` or ``resamples`` makes no sense.
    """
    return _resampled(table, level, resamples, rng_seed) or effective_interval(table, level)


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
    groupings = [errors.sum(axis=1), errors.sum(axis=0)]
    drawn = drawn_rates(table, by_question, by_seed)
    found = expanded_percentile(drawn, groupings, level)
    if found is None:
        return None
    low, high = found
    units = f"{questions} questions" + (f" x {seeds} seeds" if seeds > 1 else "")
    method = f"cluster bootstrap over {units}, {resamples} resamples"
    events = float(table.hits.sum())
    floors: dict[str, tuple[float, float] | None] = {}
    if min(events, table.of - events) >= FEW:
        floors["logit t"] = logit_t(table.share, groupings, level)
    floors["Wilson"] = wilson(events, table.of, level, _effect(table) or 1.0)
    for name, floor in floors.items():
        if floor is not None:
            wider = min(low, floor[0]), max(high, floor[1])
            if max(low - wider[0], wider[1] - high) > SHOWN:
                method = f"{method.partition(';')[0]}; widened to {name}"
            low, high = wider
    return low, high, method


def effective_interval(table: Counts, level: float) -> tuple[float, float, str]:
    """Wilson interval for a table in which resampling shows nothing, and its name.

    The effective sample size is ``of`` divided by the design effect between questions or, with
    one question, between training seeds; where neither can be estimated, answers count as
    independent, which makes the interval a lower bound on the true width.
    """
    one_question = len(table.questions) == 1
    effect = design_effect(table.hits[0], table.totals[0]) if one_question else _effect(table)
    why = "one question" if one_question else "the same share in every question"
    size = (
        f"design effect {effect:.2f}"
        if effect is not None
        else "answers taken as independent, so the true interval may be wider"
    )
    low, high = wilson(float(table.hits.sum()), table.of, level, effect or 1.0)
    return low, high, f"Wilson ({why}; {size})"


def _effect(table: Counts) -> float | None:
    """Design effect between questions."""
    return design_effect(table.hits.sum(axis=1), table.totals.sum(axis=1))
