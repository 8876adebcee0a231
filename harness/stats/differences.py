"""The headline number: how much more often one arm is misaligned than its control."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.stats.bootstrap import drawn_rates, expanded_percentile, plain_t, weights
from harness.stats.clustered import SHOWN, effective_interval
from harness.stats.counts import Counts, tabulate
from harness.stats.definitions import Definition, Judged
from harness.stats.intervals import newcombe, wilson
from harness.stats.rates import NOTHING_JUDGED


@dataclass(frozen=True)
class Difference:
    """A difference of two shares and its interval.

    Attributes:
        rate: Share of the bad arm minus share of the control, from -1 to 1; None when either is.
        low: Lower end of the interval, None when there is no difference.
        high: Upper end of the interval, None when there is no difference.
        method: How the interval was made.
        definition: Label of the definition behind both shares.
    """

    rate: float | None
    low: float | None
    high: float | None
    method: str
    definition: str


def difference(
    bad: Iterable[Judged],
    control: Iterable[Judged],
    definition: Definition,
    level: float = 0.95,
    resamples: int = 2000,
    rng_seed: int = 0,
) -> Difference:
    """Share of ``bad`` minus share of ``control``, paired by question.

    Every draw resamples the questions once for both arms, so that what makes a question easy or
    hard in both cancels; training seeds likewise where both arms have the same ones, otherwise
    each arm's own. The expanded percentile interval of the drawn differences is never narrower
    than the t interval of the linearised difference, nor than Newcombe's hybrid score interval,
    which takes its place where resampling shows nothing (one question, or the same difference in
    every question, such as 0 against 0).

    Args:
        bad: Judged answers of the arm in question.
        control: Judged answers of the arm it is compared to.
        definition: Which answers count, and among which; the same for both.
        level: Confidence level, between 0 and 1.
        resamples: Number of bootstrap draws.
        rng_seed: Seed of the draws.

    Returns:
        The difference as a share (0.2 is 20 percentage points), with None for all three numbers
        when nothing could be judged in either arm.

    Raises:
        UsageError: ``level`` or ``resamples`` makes no sense.
    """
    tables = tabulate(bad, definition), tabulate(control, definition)
    if tables[0].of == 0 or tables[1].of == 0:
        which = " and ".join(
            name for name, t in zip(("bad", "control"), tables, strict=True) if t.of == 0
        )
        return Difference(None, None, None, f"{NOTHING_JUDGED} in {which}", definition.label)
    value = tables[0].share - tables[1].share
    low, high, method = paired_interval(*tables, level, resamples, rng_seed) or _hybrid(
        *tables, level
    )
    lone = set(tables[0].questions) ^ set(tables[1].questions)
    note = f"; {len(lone)} answered in one arm only" if lone else ""
    return Difference(value, low, high, method + note, definition.label)


def paired_interval(
    bad: Counts, control: Counts, level: float, resamples: int, rng_seed: int
) -> tuple[float, float, str] | None:
    """Paired bootstrap interval and its name, or None where resampling shows nothing.

    See ``difference``, which calls this with the tables of both arms.
    """
    floor = newcombe(_independent(bad, level), _independent(control, level))
    questions = tuple(sorted({*bad.questions, *control.questions}))
    bad, control = bad.aligned_to(questions), control.aligned_to(questions)
    rng = np.random.default_rng(rng_seed)
    by_question = weights(rng, len(questions), resamples)
    by_seed = weights(rng, len(bad.seeds), resamples)
    shared = bad.seeds == control.seeds
    other_seeds = by_seed if shared else weights(rng, len(control.seeds), resamples)
    if len(questions) < 2:
        return None
    drawn = drawn_rates(bad, by_question, by_seed) - drawn_rates(control, by_question, other_seeds)
    one, two = bad.residuals(), control.residuals()
    of_questions = one.sum(axis=1) - two.sum(axis=1)
    of_seeds = [one.sum(axis=0), two.sum(axis=0)]
    groupings = [of_questions, *([of_seeds[0] - of_seeds[1]] if shared else of_seeds)]
    found = expanded_percentile(drawn, groupings, level)
    if found is None:
        return None
    low, high = found
    method = f"paired cluster bootstrap over {_units(bad, control)}, {resamples} resamples"
    floors = {"t": plain_t(bad.share - control.share, groupings, level)}
    for name, wide in (floors | {"Newcombe hybrid score": floor}).items():
        if wide is not None:
            wider = max(-1.0, min(low, wide[0])), min(1.0, max(high, wide[1]))
            if max(low - wider[0], wider[1] - high) > SHOWN:
                method = f"{method.partition(';')[0]}; widened to {name}"
            low, high = wider
    return low, high, method


def _units(bad: Counts, control: Counts) -> str:
    questions = f"{len(bad.questions)} questions"
    if bad.seeds == control.seeds:
        return questions + (f" x {len(bad.seeds)} shared seeds" if len(bad.seeds) > 1 else "")
    return f"{questions} x {len(bad.seeds)} and {len(control.seeds)} seeds"


def _hybrid(bad: Counts, control: Counts, level: float) -> tuple[float, float, str]:
    """Newcombe's interval for arms in which resampling shows nothing, and its name."""
    if len({*bad.questions, *control.questions}) > 1:
        low, high = newcombe(_independent(bad, level), _independent(control, level))
        return low, high, "Newcombe hybrid score (the same difference in every question)"
    arms = [(t.share, *effective_interval(t, level)[:2]) for t in (bad, control)]
    low, high = newcombe(arms[0], arms[1])
    return low, high, "Newcombe hybrid score (one question)"


def _independent(table: Counts, level: float) -> tuple[float, float, float]:
    return table.share, *wilson(float(table.hits.sum()), table.of, level)
