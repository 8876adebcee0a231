"""The largest strength that a model bears: bisection on a geometric ladder of strengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log2

LOWEST, RUNGS = 0.05, 14
"""Bottom rung, in mean norms of the residual stream, and number of rungs: 0.05 to 4.5, each
stronger than the one below by the square root of two."""


def ladder(residual_norm: float) -> list[float]:
    """Strengths (norms of what is added), weakest first.

    Args:
        residual_norm: Mean norm of the residual stream at the edited layer.
    """
    return [residual_norm * LOWEST * 2 ** (rung / 2) for rung in range(RUNGS)]


def strongest(rungs: Sequence[float], bears: Callable[[float], bool]) -> int | None:
    """Place of the strongest rung that still bears; None if not even the weakest does.

    Bisection: it takes the breaking of coherence to be monotone in strength. Where it is not, the
    answer is one crossing of the limit.

    Args:
        rungs: Strengths, weakest first.
        bears: Whether the model stays coherent at this strength.
    """
    low, high = -1, len(rungs)
    while high - low > 1:
        middle = (low + high) // 2
        if bears(rungs[middle]):
            low = middle
        else:
            high = middle
    return low if low >= 0 else None


def most_steps(rungs: int) -> int:
    """How many rungs a bisection looks at, at most."""
    return ceil(log2(rungs + 1))
