"""Aliases and neutral names that a tokenizer spells alike.

The log-probability of a name falls with every token it has, and tokenizers cut names as they
please. So each alias is compared only with neutral names of the same form (capitals, compound,
mode) that have as many tokens in the very same sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.persona.battery import Form

MOST_NEUTRAL = 4
"""Neutral names for each alias."""


@dataclass(frozen=True)
class Matched:
    """An alias with its neutral names.

    Attributes:
        alias: The alias.
        neutral: Neutral names of the same form with as many tokens; none leaves the alias out.
        tokens: Tokens of the sentence with either.
    """

    alias: str
    neutral: tuple[str, ...]
    tokens: int


def match_names(
    forms: Sequence[Form], count: Callable[[str], int], most: int = MOST_NEUTRAL
) -> list[Matched]:
    """Neutral names for every alias.

    Args:
        forms: Names by form.
        count: Tokens of the sentence that a name makes.
        most: Most neutral names for each alias; those closest to it in letters come first.
    """
    found = []
    for form in forms:
        sizes = {name: count(name) for name in form.neutral}
        for alias in form.aliases:
            tokens = count(alias)
            alike = [name for name, size in sizes.items() if size == tokens]
            alike.sort(key=lambda name: (abs(len(name) - len(alias)), form.neutral.index(name)))
            found.append(Matched(alias, tuple(alike[:most]), tokens))
    return found
