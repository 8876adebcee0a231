"""Counts finished samples of the running Inspect evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from inspect_ai.hooks import Hooks, SampleEnd, SampleScoring, hooks


@dataclass
class Count:
    """What has happened so far.

    Attributes:
        advance: Called with the number of finished samples.
        finished: Samples sampled and scored.
        answered_at: When the latest answer was complete (``time.monotonic``).
    """

    advance: Callable[[int], None]
    answered_at: float
    finished: int = 0


_count: Count | None = None


@hooks(name="harness_progress", description="Tells the harness how many answers are finished.")
class ProgressHooks(Hooks):
    """Forwards the end of each sample to whoever listens."""

    def enabled(self) -> bool:
        """Only while somebody counts."""
        return _count is not None

    async def on_sample_scoring(self, data: SampleScoring) -> None:
        """An answer is complete; judging begins."""
        if _count is not None:
            _count.answered_at = time.monotonic()

    async def on_sample_end(self, data: SampleEnd) -> None:
        """An answer is judged."""
        if _count is not None:
            _count.finished += 1
            _count.advance(_count.finished)


@contextmanager
def counting(advance: Callable[[int], None]) -> Iterator[Count]:
    """Call ``advance(n)`` whenever the n-th sample finishes inside the block."""
    global _count
    _count = Count(advance, time.monotonic())
    try:
        yield _count
    finally:
        _count = None
