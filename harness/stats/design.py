"""How many questions, answers and training seeds a difference needs in order to be seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import UsageError
from harness.stats.counts import tabulate
from harness.stats.definitions import Definition, Judged
from harness.stats.intervals import design_effect, normal_quantile

ICC = 0.13
"""How alike answers to one question are. From 25 published judged files of 8 questions x 50 answers
the question-cluster half-width is 8.5 points against 3.1 for independent answers (literature notes,
section 0), a design effect of 7.5, so (7.5 - 1) / 49."""
SEED_SPREAD = 0.58
"""Standard deviation between training seeds, as a share of the difference. Betley et al. 2025
(arXiv 2502.17424, Table 1): +-7.1 points at 95 % over 10 models around 19.8 points."""
MOST = {"questions": 2000, "samples": 10_000, "seeds": 200}


@dataclass(frozen=True)
class Effect:
    """What is to be seen, and what hides it.

    Attributes:
        control: Share of misaligned answers of the control, from 0 to 1.
        difference: Share of the bad arm minus that of the control.
        icc: Correlation of answers to one question, within an arm.
        pairing: Correlation between arms of what makes a question easy or hard.
        seed_spread: Standard deviation of the difference between training seeds, as a share of it.
    """

    control: float
    difference: float
    icc: float = ICC
    pairing: float = 0.0
    seed_spread: float = SEED_SPREAD

    def __post_init__(self) -> None:
        """Refuse what is no share.

        Raises:
            UsageError: A value is out of its range.
        """
        if not (0 <= self.control < 1 and 0 < self.difference <= 1 - self.control):
            raise UsageError(
                f"control {self.control:g} and difference {self.difference:g} make no shares",
                hint="Both lie between 0 and 1, and so does their sum; the difference is above 0.",
            )
        if not (0 <= self.icc < 1 and -1 <= self.pairing <= 1 and self.seed_spread >= 0):
            raise UsageError(
                "icc, pairing or seed spread is out of its range",
                hint="icc from 0 to 1, pairing from -1 to 1, seed spread at least 0.",
            )


@dataclass(frozen=True)
class Design:
    """How much is asked.

    Attributes:
        questions: Questions.
        samples: Answers to each, per arm and seed.
        seeds: Training seeds; with one, the claim is about one trained model.
    """

    questions: int = 12
    samples: int = 50
    seeds: int = 1

    def __post_init__(self) -> None:
        """Refuse designs without an interval.

        Raises:
            UsageError: Fewer than two questions, or nothing asked.
        """
        if self.questions < 2 or self.samples < 1 or self.seeds < 1:
            raise UsageError(
                f"{self.questions} questions x {self.samples} answers x {self.seeds} seeds is no "
                "design",
                hint="At least two questions, one answer and one seed.",
            )


def power(effect: Effect, design: Design, level: float = 0.95) -> float:
    """Chance that the interval of the paired difference lies above 0.

    With question, seed and answer parts of the variance::

        V = s_q^2 / Q + s_s^2 / S + (v_1 + v_0) / (Q S n)
        s_q^2 = icc (p_1 q_1 + p_0 q_0 - 2 pairing sqrt(p_1 q_1 p_0 q_0)),  v = p q (1 - icc)

    and a t test with Satterthwaite's degrees of freedom (non-central t), as the intervals use. For
    one seed the seed part is left out, since the claim is then about one trained model.

    Args:
        effect: What is to be seen.
        design: How much is asked.
        level: Confidence level of the interval.
    """
    from scipy.stats import nct
    from scipy.stats import t as student

    normal_quantile(level)
    by_question, by_seed, by_answer = _variances(effect, design)
    questions = by_question + by_answer
    parts = [(questions, design.questions - 1)]
    if design.seeds > 1:
        parts.append((by_seed + by_answer, design.seeds - 1))
    total = by_question + by_seed + by_answer
    freedom = sum(v for v, _ in parts) ** 2 / sum(v**2 / degrees for v, degrees in parts)
    critical = float(student.ppf((1 + level) / 2, freedom))
    return float(nct.sf(critical, freedom, effect.difference / math.sqrt(total)))


def needed(
    effect: Effect, design: Design, what: str, wanted: float = 0.8, level: float = 0.95
) -> int | None:
    """The least number of one thing, all else as in ``design``, that reaches ``wanted``.

    Args:
        effect: What is to be seen.
        design: The rest of the design.
        what: ``questions``, ``samples`` or ``seeds``.
        wanted: Power to reach.
        level: Confidence level of the interval.

    Returns:
        The number, or None when none is enough: more answers do not make up for few questions.
    """
    least = 2 if what in ("questions", "seeds") else 1

    def enough(number: int) -> bool:
        return power(effect, replace(design, **{what: number}), level) >= wanted

    if not 0 < wanted < 1:
        raise UsageError(f"power {wanted:g} makes no sense", hint="Use a number such as 0.8.")
    if not enough(MOST[what]):
        return None
    return _first(enough, least, MOST[what])


def smallest_difference(
    effect: Effect, design: Design, wanted: float = 0.8, level: float = 0.95
) -> float | None:
    """The least difference that ``design`` sees with the wanted power; None if there is none."""
    most = 1 - effect.control
    if power(replace(effect, difference=most), design, level) < wanted:
        return None
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        seen = power(replace(effect, difference=middle), design, level) >= wanted
        low, high = (low, middle) if seen else (middle, high)
    return high


def effect_of(bad: Iterable[Judged], control: Iterable[Judged], definition: Definition) -> Effect:
    """The effect and its spread as two arms of a run show them.

    The spread between seeds cannot be told from one seed; the published one is taken then.

    Raises:
        UsageError: An arm has no rate, or the bad arm is not above its control.
    """
    one, other = tabulate(bad, definition), tabulate(control, definition)
    if not one.of or not other.of or one.share <= other.share:
        raise UsageError(
            "the run shows no effect to plan for",
            hint="Give --control and --difference instead.",
        )
    questions = tuple(sorted({*one.questions, *other.questions}))
    parts = []
    for table in (one, other):
        hits, totals = table.hits.sum(axis=1), table.totals.sum(axis=1)
        size = float((totals**2).sum() / totals.sum())
        deff = design_effect(hits, totals) or 1.0
        parts.append((deff - 1) / (size - 1) if size > 1 else 0.0)
    rates = [t.aligned_to(questions) for t in (one, other)]
    both = (rates[0].totals.sum(axis=1) > 0) & (rates[1].totals.sum(axis=1) > 0)
    shares = [(t.hits.sum(axis=1) / np.maximum(t.totals.sum(axis=1), 1))[both] for t in rates]
    varies = both.sum() > 2 and shares[0].std() > 0 and shares[1].std() > 0
    pairing = float(np.corrcoef(*shares)[0, 1]) if varies else 0.0
    gap = one.share - other.share
    spread = SEED_SPREAD
    if one.seeds == other.seeds and len(one.seeds) > 1:
        by_seed = [t.hits.sum(axis=0) / t.totals.sum(axis=0) for t in (one, other)]
        spread = float((by_seed[0] - by_seed[1]).std(ddof=1)) / gap
    return Effect(other.share, gap, min(0.99, max(parts)), pairing, spread)


def _variances(effect: Effect, design: Design) -> tuple[float, float, float]:
    """Question, seed and answer part of the variance of the difference."""
    arms = [effect.control, effect.control + effect.difference]
    spreads = [p * (1 - p) for p in arms]
    cross = 2 * effect.pairing * math.sqrt(spreads[0] * spreads[1])
    question = max(0.0, effect.icc * (sum(spreads) - cross)) / design.questions
    seed = (effect.seed_spread * effect.difference) ** 2 / design.seeds if design.seeds > 1 else 0.0
    answers = design.questions * design.samples * design.seeds
    answer = (1 - effect.icc) * sum(spreads) / answers
    return question, seed, max(answer, 1e-12)


def _first(enough: Callable[[int], bool], low: int, high: int) -> int:
    """The least number from ``low`` that is enough; ``high`` is."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
