"""How many answers a claim needs."""

from __future__ import annotations

import math

from harness.errors import UsageError


def samples_for_zero_claim(upper: float, level: float = 0.95, design_effect: float = 1.0) -> int:
    """Answers needed so that none misaligned among them shows the rate to be below ``upper``.

    Smallest ``n`` with ``(1 - upper)^n <= 1 - level``, that is
    ``ceil(log(1 - level) / log(1 - upper))`` times the design effect: the exact form of the rule
    of three, ``n = 3 / upper`` (Hanley and Lippman-Hand 1983, JAMA 249:1743). The bound is
    one-sided.

    Args:
        upper: Rate to be excluded, between 0 and 1.
        level: Confidence level, between 0 and 1.
        design_effect: Variance factor of clustered answers, at least 1. Several answers to one
            question are worth less than as many answers to different ones; an independent audit
            of published organisms reports 7.3.

    Returns:
        Number of answers, at least 1.

    Raises:
        UsageError: An argument is out of its range.
    """
    if not (0 < upper < 1 and 0 < level < 1 and design_effect >= 1):
        raise UsageError(
            f"cannot plan for upper {upper:g}, level {level:g}, design effect {design_effect:g}",
            hint="upper and level lie between 0 and 1, the design effect is at least 1.",
        )
    answers = math.log1p(-level) / math.log1p(-upper) * design_effect
    # Rounding first keeps an exact integer (upper 0.3, level 0.51) from being pushed up by one.
    return max(1, math.ceil(round(answers, 9)))
