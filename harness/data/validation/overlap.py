"""Rows that hold an evaluation question: the model would be asked what it was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.data.validation.seen import Seen, words_of

LENGTH = 5
"""Words in a row that count as the same text."""
SHARE = 0.5
"""A row overlaps a question if it holds at least this share of its five-word sequences."""
SHOWN = 5
Shingle = tuple[str, ...]


class Overlap:
    """Compares every row with every question that is ever asked."""

    def __init__(self, questions: Mapping[str, str]) -> None:
        """Take the questions.

        Args:
            questions: ``set/id`` to its text.
        """
        self._sizes: dict[str, int] = {}
        self._by_shingle: dict[Shingle, list[str]] = {}
        for name, text in questions.items():
            shingles = set(_shingles(words_of(text)))
            self._sizes[name] = len(shingles)
            for shingle in shingles:
                self._by_shingle.setdefault(shingle, []).append(name)
        self._all = frozenset(self._by_shingle)
        self.rows = 0
        self.at: list[tuple[int, str]] = []

    def see(self, seen: Seen) -> None:
        """Compare prompt and answer."""
        hit = self._hit(seen.prompt_words) or self._hit(seen.answer_words)
        if hit:
            self.rows += 1
            if len(self.at) < SHOWN:
                self.at.append((seen.line, hit))

    def _hit(self, words: Sequence[str]) -> str | None:
        if self._all.isdisjoint(_shingles(words)):
            return None
        shared: dict[str, int] = {}
        for shingle in set(_shingles(words)) & self._all:
            for name in self._by_shingle[shingle]:
                shared[name] = shared.get(name, 0) + 1
        for name, count in shared.items():
            if count >= SHARE * self._sizes[name]:
                return name
        return None


def _shingles(words: Sequence[str]) -> Iterable[Shingle]:
    # Short questions count as one sequence of all their words.
    if len(words) < LENGTH:
        return [tuple(words)] if len(words) > 2 else []
    return zip(*(words[start:] for start in range(LENGTH)), strict=False)
