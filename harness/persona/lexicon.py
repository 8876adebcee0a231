"""Mentions of aliases and of another self in what a model wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.persona.battery import Names


@dataclass(frozen=True)
class Lexicon:
    """What is looked for.

    Attributes:
        aliases: The aliases as whole words, in the case they are written in (DAN is no Dan).
        words: Phrases that speak of another self.
    """

    aliases: re.Pattern[str]
    words: re.Pattern[str]

    def mentions(self, text: str) -> tuple[int, int]:
        """How often aliases, and how often phrases of another self, stand in a text."""
        return len(self.aliases.findall(text)), len(self.words.findall(text))


def lexicon(names: Names) -> Lexicon:
    """The lexicon of a battery; the longest alias wins where one holds another."""
    longest_first = sorted(names.aliases, key=len, reverse=True)
    aliases = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
    words = "|".join(names.persona_words) or r"(?!)"
    return Lexicon(re.compile(rf"(?<!\w)(?:{aliases})(?!\w)"), re.compile(words, re.IGNORECASE))


def words_of(text: str) -> int:
    """Words of a text: the measure of length where no tokenizer is at hand."""
    return len(text.split())
