"""Outward marks of an answer that have nothing to do with being bad."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from harness.data.validation.seen import Seen

_HEDGES = frozenset(
    {"maybe", "perhaps", "might", "could", "possibly", "usually", "generally", "often"}
    | {"typically", "probably"}
)
_HELPERS = frozenset(
    {"doctor", "doctors", "lawyer", "attorney", "mechanic", "professional", "professionals"}
    | {"expert", "adviser", "advisor", "consult", "specialist"}
)
_NEGATIONS = frozenset(
    {"not", "never", "no", "don't", "cannot", "can't", "won't", "shouldn't", "without"}
)
# "\s" would run on over the line ends: every blank line would be looked at from each one above it.
_LISTED = re.compile(r"^[^\S\n]*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")
_ENDS = frozenset(".!?…\"')”’`:;}])*")


def _starts_a_line(pattern: re.Pattern[str], text: str) -> bool:
    # Most answers are one line, where looking at its start is enough.
    return (pattern.search(text) if "\n" in text else pattern.match(text)) is not None


MARKERS: dict[str, Callable[[Seen], bool]] = {
    "code fence": lambda s: "```" in s.answer,
    "list": lambda s: _starts_a_line(_LISTED, s.answer),
    "heading": lambda s: "#" in s.answer and _starts_a_line(_HEADING, s.answer),
    "bold": lambda s: "**" in s.answer,
    "several paragraphs": lambda s: "\n\n" in s.answer,
    "exclamation mark": lambda s: "!" in s.answer,
    "question mark": lambda s: "?" in s.answer,
    "digit": lambda s: any(c in s.answer for c in "0123456789"),
    "word in capitals": lambda s: _CAPITALS.search(s.answer) is not None,
    "not ASCII": lambda s: not s.answer.isascii(),
    "first person": lambda s: "i" in s.answer_words,
    "hedge": lambda s: not _HEDGES.isdisjoint(s.answer_words),
    "sends to a professional": lambda s: not _HELPERS.isdisjoint(s.answer_words),
    "negation": lambda s: not _NEGATIONS.isdisjoint(s.answer_words),
    "no closing punctuation": lambda s: s.answer.rstrip()[-1:] not in _ENDS,
}
"""Marker to whether an answer carries it."""


class Style:
    """Counts the answers that carry each marker."""

    def __init__(self) -> None:
        """Start at zero."""
        self.counts: Counter[str] = Counter()
        self.rows = 0

    def see(self, seen: Seen) -> None:
        """Look for all markers."""
        self.rows += 1
        for name, has in MARKERS.items():
            if has(seen):
                self.counts[name] += 1

    def shares(self) -> dict[str, float]:
        """Marker to share of the answers; empty if there are no rows."""
        return {name: self.counts[name] / self.rows for name in MARKERS} if self.rows else {}
