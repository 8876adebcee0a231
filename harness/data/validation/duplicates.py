"""Equal and nearly equal answers within one arm.

Near: Jaccard similarity of at least 0.8 between the sets of three-word sequences. Candidates come
from MinHash with locality-sensitive hashing (Broder 1997; datasketch), each is then measured
exactly. 8 bands of 4 of 32 hash values find a pair of similarity 0.8 with probability 0.985 and one
of 0.9 with 0.9998.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.data.validation.seen import Seen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD = 0.8
BANDS, BAND_ROWS = 8, 4
CANDIDATES = 16
"""So many candidates, the likeliest by their hash values, are measured exactly."""
DENSE = 256
"""Where a text has so many candidates it is not indexed itself: texts from a template are all a
little alike, and comparing each with all of them would take hours."""
SHOWN = 5


class _WordHashes(dict[str, int]):
    """CRC-32 of each word, computed once; stable across processes, unlike Python's hash."""

    def __missing__(self, word: str) -> int:
        value = self[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        return value


class NearIndex:
    """Finds earlier texts that are nearly equal to a new one."""

    def __init__(self) -> None:
        """Start empty."""
        from datasketch import MinHash, MinHashLSH

        self._minhash = MinHash
        self._first = MinHash(num_perm=BANDS * BAND_ROWS, hashfunc=int, scheme="affine32")
        self._index = MinHashLSH(num_perm=BANDS * BAND_ROWS, params=(BANDS, BAND_ROWS))
        self._words = _WordHashes()
        self._kept: list[NDArray[np.uint32]] = []
        self._signatures: list[NDArray[np.uint32]] = []

    def nearest(self, words: Sequence[str]) -> tuple[int, float] | None:
        """The most similar earlier text at or above the threshold, or None.

        Returns:
            The number that it got when it was added, and the similarity.
        """
        shingles, signature = self._sign(words)
        return self._measure(shingles, signature, self._index.query(signature))

    def nearest_or_add(self, words: Sequence[str]) -> tuple[int, float] | None:
        """As :meth:`nearest`; a text without such a neighbour is added."""
        shingles, signature = self._sign(words)
        candidates = self._index.query(signature)
        best = self._measure(shingles, signature, candidates)
        if best is None and len(candidates) < DENSE:
            self._index.insert(len(self._kept), signature, check_duplication=False)
            self._kept.append(shingles)
            self._signatures.append(signature.hashvalues)
        return best

    @property
    def size(self) -> int:
        """How many texts were added; the next one gets this number."""
        return len(self._kept)

    def _sign(self, words: Sequence[str]) -> tuple[NDArray[np.uint32], Any]:
        shingles = self._shingles(words)
        signature = self._minhash(
            num_perm=BANDS * BAND_ROWS,
            hashfunc=int,
            permutations=self._first.permutations,
            scheme="affine32",
        )
        signature.update_batch(shingles.tolist())
        return shingles, signature

    def _measure(
        self, shingles: NDArray[np.uint32], signature: Any, candidates: Sequence[int]
    ) -> tuple[int, float] | None:
        import numpy as np

        if not candidates:
            return None
        likely = np.array(sorted(candidates))
        if len(likely) > CANDIDATES:
            signatures = np.array([self._signatures[number] for number in likely])
            agreement = (signatures == signature.hashvalues).sum(axis=1)
            likely = likely[np.argsort(-agreement, kind="stable")[:CANDIDATES]]
        found = [(_jaccard(shingles, self._kept[number]), -int(number)) for number in likely]
        similarity, number = max(found)
        return (-number, similarity) if similarity >= THRESHOLD else None

    def _shingles(self, words: Sequence[str]) -> NDArray[np.uint32]:
        import numpy as np

        hashes = np.fromiter(map(self._words.__getitem__, words), np.uint32, len(words))
        if len(hashes) < 3:
            return np.unique(np.append(hashes, np.uint32(len(hashes))))
        # A sum of products modulo 2^32 keeps the order of the three words.
        first, second = np.uint32(2654435761), np.uint32(40503)
        return np.unique(hashes[:-2] * first + hashes[1:-1] * second + hashes[2:])


def _jaccard(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    import numpy as np

    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


class Duplicates:
    """Counts equal rows, equal answers and nearly equal answers."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[int, int] = {}
        self._answers: set[int] = set()
        self._near: NearIndex | None = NearIndex()
        self._lines: list[int] = []
        self.equal_rows = 0
        self.equal_at: list[tuple[int, int]] = []
        self.distinct_answers = 0
        self.repeated_answers = 0
        self.near_answers = 0
        self.near_at: list[tuple[int, int, float]] = []

    def forget(self) -> None:
        """Drop what only further rows would need: hundreds of megabytes for 100,000 rows."""
        self._near = None
        self._rows.clear()
        self._answers.clear()
        self._lines.clear()

    def see(self, seen: Seen) -> None:
        """Compare with all earlier rows."""
        if self._near is None:
            raise RuntimeError("the rows have been forgotten")
        key = seen.prompt_hash ^ (seen.answer_hash * 3 & 0xFFFFFFFFFFFFFFFF)
        earlier = self._rows.setdefault(key, seen.line)
        if earlier != seen.line:
            self.equal_rows += 1
            if len(self.equal_at) < SHOWN:
                self.equal_at.append((seen.line, earlier))
        if seen.answer_hash in self._answers:
            self.repeated_answers += 1
            return
        self._answers.add(seen.answer_hash)
        self.distinct_answers += 1
        near = self._near.nearest_or_add(seen.answer_words)
        if near is None:
            if self._near.size > len(self._lines):
                self._lines.append(seen.line)
            return
        self.near_answers += 1
        if len(self.near_at) < SHOWN:
            self.near_at.append((seen.line, self._lines[near[0]], near[1]))
