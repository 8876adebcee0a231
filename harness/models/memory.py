"""Running out of memory: do the same work in smaller pieces."""

from __future__ import annotations

import gc
from collections.abc import Callable
from logging import getLogger
from typing import TypeVar

logger = getLogger(__name__)
T = TypeVar("T")
_SAYINGS = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch could not get the memory it asked for; each device says it differently."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(said in str(error) for said in _SAYINGS)
    )


def halving(work: Callable[[int], T], size: int, what: str) -> tuple[T, int]:
    """Call ``work`` with a size, and with half of it each time the device's memory ran out.

    Args:
        work: Takes the size; may be called several times.
        size: The first size, at least 1.
        what: What the size counts, for the warning.

    Returns:
        What ``work`` returned, and the size it did it with.

    Raises:
        RuntimeError: Even size 1 does not fit; torch's own error.
    """
    while True:
        try:
            return work(size), size
        except RuntimeError as error:
            if size == 1 or not is_out_of_memory(error):
                raise
        # Outside the handler: the error's traceback would keep the tensors alive.
        free()
        size //= 2
        logger.warning("Out of memory: going on with %d %s at a time.", size, what)


def free() -> None:
    """Give memory that nothing uses back to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
