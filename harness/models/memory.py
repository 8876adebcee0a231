"""Memory: give back what nothing uses, and do the same work in smaller pieces when it runs out."""

from __future__ import annotations

import ctypes
import gc
import sys
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
    """Give memory that nothing uses back to the device and to the system."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
    trim()


def trim() -> None:
    """Give whole pages of freed memory back to the system, where the C library holds on to them.

    After blocks of some size were freed once, glibc serves that size from its heaps, up to 32 MiB,
    and gives back only what lies above everything still in use. What training has left there is of
    no use to the sampling thread either, which has a heap of its own.
    """
    if sys.platform == "linux":
        give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if give_back is not None:
            give_back(ctypes.c_size_t(0))
