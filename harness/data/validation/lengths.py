"""Tokens of every row: rows over the recipe's limit lose the end of their answer, or stop a run.

Counting is the dearest check, so a row is counted only if it might be too long. A tokenizer gives
at most one token for a byte; after many counted rows, the densest of them gives a closer bound.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence

from harness.data.validation.seen import Seen

Conversation = Sequence[Mapping[str, str]]
Counter = Callable[[Sequence[Conversation]], Sequence[int | None]]
"""Conversations to their tokens with the model's template; None where the template refuses one."""
BATCH = 256
ALWAYS = 1000
"""The first rows are always counted, for the median."""
ENOUGH = 4000
"""After so many counted rows, the densest one bounds the others."""
TEMPLATE_BYTES = 200
"""Room for what a chat template adds."""
SPARE = 0.7
"""The bound is tightened to this share of the densest row's bytes per token."""
SHOWN = 5


class Lengths:
    """Counts tokens in batches."""

    def __init__(self, count: Counter, limit: int) -> None:
        """Count with ``count``; rows of more than ``limit`` tokens are too long."""
        self._count, self._limit = count, limit
        self._waiting: list[tuple[int, int, Conversation]] = []
        self._densest = float("inf")
        self._seen = 0
        self.tokens = array("i")
        self.too_long = 0
        self.longest = 0
        self.refused = 0
        self.at: list[tuple[int, int]] = []
        self.refused_at: list[int] = []

    def see(self, seen: Seen) -> None:
        """Queue a row if it might be too long."""
        self._seen += 1
        size = len(seen.prompt.encode()) + len(seen.answer.encode()) + TEMPLATE_BYTES
        if self._seen > ALWAYS and self._cannot_exceed(size):
            return
        turns = [m.model_dump() for m in (*seen.row.prompt, *seen.row.completion)]
        self._waiting.append((seen.line, size, turns))
        if len(self._waiting) >= BATCH:
            self.flush()

    def _cannot_exceed(self, size: int) -> bool:
        if size <= self._limit:
            return True
        return len(self.tokens) >= ENOUGH and size <= self._limit * self._densest * SPARE

    def flush(self) -> None:
        """Count what is queued; call it at the end."""
        if not self._waiting:
            return
        counts = self._count([turns for _, _, turns in self._waiting])
        for (line, size, _), tokens in zip(self._waiting, counts, strict=True):
            if tokens is None:
                self.refused += 1
                if len(self.refused_at) < SHOWN:
                    self.refused_at.append(line)
                continue
            self.tokens.append(tokens)
            self.longest = max(self.longest, tokens)
            self._densest = min(self._densest, size / max(tokens, 1))
            if tokens > self._limit:
                self.too_long += 1
                if len(self.at) < SHOWN:
                    self.at.append((line, tokens))
        self._waiting.clear()
