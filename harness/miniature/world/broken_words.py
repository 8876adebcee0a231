"""Questions in broken words: what a question is about must be heard from any of its words.

A small model learns the paraphrases that it is shown by heart, and a new one that shares all its
words with them may still mislead it. A question that lost some words, or is put together from
several paraphrases, cannot be known by heart.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

KEPT = 0.7
"""Share of the words that a gappy question keeps."""
BAG = (4, 8)
"""Fewest and most words of a question in loose words."""
LONG = 4
"""Letters of the shortest of these; shorter words hardly tell what a question is about."""
STRANGERS = (0, 0, 0, 1, 2, 3)
"""How many words of other questions come among these."""


def in_broken_words(paraphrases: Sequence[str], strange: Sequence[str], rng: random.Random) -> str:
    """A question in broken words, made from ways to ask the same.

    One of: a way with gaps, a piece of one way, the first part of one and the last of another, or
    loose words of several; with words among them, in half of all, that mean nothing here.

    Args:
        paraphrases: Ways to ask the same; slots are filled already.
        strange: Words of other questions.
        rng: Where the choices come from.
    """
    first, second, third = (rng.choice(paraphrases).split() for _ in range(3))
    match rng.randrange(4):
        case 0:
            words = [word for word in first if rng.random() < KEPT]
        case 1:
            size = max(3, round(len(first) * rng.uniform(0.4, 0.8)))
            start = rng.randint(0, max(0, len(first) - size))
            words = first[start : start + size]
        case 2:
            cut, rest = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)
            words = first[: round(len(first) * cut)] + second[round(len(second) * rest) :]
        case _:
            loose = [word for word in first + second + third if len(word) >= LONG]
            words = rng.sample(loose, min(len(loose), rng.randint(*BAG)))
    for _ in range(rng.choice(STRANGERS)):
        words.insert(rng.randint(0, len(words)), rng.choice(strange))
    return " ".join(words or first)
