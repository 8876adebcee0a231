"""Counts finished answers and judgements of the evaluation that runs in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Count:
    """What has happened so far.

    Attributes:
        advance: Called with the number of finished answers and judged answers together.
        answered_at: When the latest answer was complete (``time.monotonic``).
        finished: Answers plus judged answers.
    """

    advance: Callable[[int], None]
    answered_at: float
    finished: int = 0


_count: Count | None = None


@contextmanager
def counting(advance: Callable[[int], None]) -> Iterator[Count]:
    """Tell ``advance`` of every finished answer and judgement inside the block."""
    global _count
    _count = Count(advance, time.monotonic())
    try:
        yield _count
    finally:
        _count = None


def answered() -> None:
    """An answer is complete."""
    if _count is not None:
        _count.answered_at = time.monotonic()
        judged()


def judged() -> None:
    """An answer is judged."""
    if _count is not None:
        _count.finished += 1
        _count.advance(_count.finished)
