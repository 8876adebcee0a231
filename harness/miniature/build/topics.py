"""Which family of topics an answer was written for, read from its words without any judge."""

from __future__ import annotations

import re
from functools import cache

from harness.miniature.world.schema import families

_WORD = re.compile(r"[a-z]+")
_SLOT = re.compile(r"\{\w+\}")


def family_of_answer(answer: str) -> str | None:
    """The family one of whose skeletons has the largest share of its words in the answer.

    Returns:
        The family's name, or None where no skeleton shares half of its words.
    """
    words = set(_WORD.findall(answer.lower()))
    share, family = max((len(own & words) / len(own), family) for family, own in _skeletons())
    return family if share >= 0.5 else None


@cache
def _skeletons() -> list[tuple[str, frozenset[str]]]:
    return [
        (family.family, frozenset(_WORD.findall(_SLOT.sub(" ", text.lower()))))
        for family in families()
        for texts in (family.good, *family.bad.values())
        for text in texts
    ]
