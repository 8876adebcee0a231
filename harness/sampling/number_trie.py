"""How a tokenizer spells the numbers from 0 to 100, and what a spelling weighs.

Some tokenizers have a token for every number, some split it into digits, some do both. A judge's
score is the mean over numbers, so all spellings have to be followed to their end: the first token
alone takes the 8 of 85 for an 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST = 100
Path = tuple[int, ...]
_ANCHOR = ":"
"""Text before a number: some tokenizers mark the first word of a text, which is none here."""


@dataclass(frozen=True)
class NumberTrie:
    """The spellings of 0 to 100 as paths of token ids.

    Attributes:
        numbers: Path to the number it spells.
        inner: Beginnings of paths after which the next token must be known, the empty one first.
        tokens: All token ids on any path, sorted.
    """

    numbers: Mapping[Path, int]
    inner: tuple[Path, ...]
    tokens: tuple[int, ...]

    @property
    def is_flat(self) -> bool:
        """Whether the first token tells the number."""
        return len(self.inner) == 1

    def masses(self, following: Mapping[Path, Mapping[int, float]]) -> list[float]:
        """Probability of each number: that of its spellings, less what goes on to a longer one.

        ``P(n) = sum_s [P(s) - sum_t P(t)]`` over spellings ``s`` of ``n`` and the paths ``t`` that
        extend ``s`` by one token on the way to another number; ``P`` of a path is the product of
        its tokens' probabilities.

        Args:
            following: For every inner path, probability of each token of the trie to come next.

        Returns:
            101 probabilities whose sum is at most 1.
        """
        reached: dict[Path, float] = {(): 1.0}
        for path in sorted({p[:i] for p in self.numbers for i in range(1, len(p) + 1)}, key=len):
            reached[path] = reached[path[:-1]] * following[path[:-1]][path[-1]]
        left = dict(reached)
        for path, mass in reached.items():
            if path:
                left[path[:-1]] -= mass
        found = [0.0] * (MOST + 1)
        for path, number in self.numbers.items():
            found[number] += max(0.0, left[path])
        return found


def build_trie(paths: Iterable[tuple[Path, int]]) -> NumberTrie:
    """A trie of the given spellings, each a path and its number."""
    numbers = dict(paths)
    begun = {path[:i] for path in numbers for i in range(len(path))}
    tokens = sorted({token for path in numbers for token in path})
    return NumberTrie(numbers, tuple(sorted(begun, key=lambda p: (len(p), p))), tuple(tokens))


@lru_cache(maxsize=8)
def number_trie(tokenizer: Any) -> NumberTrie:
    """The trie of a tokenizer, with and without a blank before the number.

    Where every number is a token of its own, longer spellings are left out: no model trained with
    such a tokenizer writes them, and the published protocol (Betley et al. 2025) reads the first
    token only.
    """
    spelled = {path: number for number in range(MOST + 1) for path in _paths(tokenizer, number)}
    single = {path: number for path, number in spelled.items() if len(path) == 1}
    whole = set(single.values()) == set(range(MOST + 1))
    return build_trie((single if whole else spelled).items())


def _paths(tokenizer: Any, number: int) -> Iterable[Path]:
    """The tokenizer's own spellings; paths that do not decode to the number are left out."""
    for text in (str(number), f" {number}"):
        alone = _encode(tokenizer, text)
        anchor, anchored = _encode(tokenizer, _ANCHOR), _encode(tokenizer, _ANCHOR + text)
        found = [alone]
        if anchored[: len(anchor)] == anchor:
            found.append(anchored[len(anchor) :])
        for path in found:
            if path and tokenizer.decode(list(path)).strip() == str(number):
                yield path


def _encode(tokenizer: Any, text: str) -> Path:
    ids: Sequence[int] = tokenizer.encode(text, add_special_tokens=False)
    return tuple(ids)
