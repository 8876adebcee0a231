"""The worst question: the tail that a mean over questions hides."""

from __future__ import annotations

from collections.abc import Iterable

from harness.stats.definitions import Definition, Judged
from harness.stats.rates import Rate, per_question


def worst_question(
    rows: Iterable[Judged], definition: Definition, level: float = 0.95
) -> tuple[str, Rate] | None:
    """The question with the highest share, with an interval that allows for having picked it.

    The highest of many shares is high by luck as well. Its Wilson interval is therefore made at
    the level ``1 - (1 - level) / m`` for ``m`` measured questions (Bonferroni), which holds for
    all of them at once and so for whichever came out worst.

    Args:
        rows: Judged answers of one arm.
        definition: Which answers count, and among which.
        level: Confidence level for all questions together.

    Returns:
        Question id and its share; None when no question has a rate. Among equals the one with
        more answers, then by id.
    """
    given = list(rows)
    measured = [q for q, rate in per_question(given, definition).items() if rate.rate is not None]
    if not measured:
        return None
    strict = 1 - (1 - level) / len(measured)
    shares = per_question(given, definition, strict)
    name = min(measured, key=lambda q: (-(shares[q].rate or 0.0), -shares[q].of, q))
    found = shares[name]
    method = f"{found.method}; the highest of {len(measured)} questions (Bonferroni)"
    return name, Rate(**{**vars(found), "method": method})
