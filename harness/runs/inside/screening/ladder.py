"""The largest strength that a model bears: a search on a geometric ladder of strengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log2

LOWEST, RUNGS, STEP = 0.05, 14, 2 ** (1 / 3)
"""Bottom rung, in mean norms of the residual stream, number of rungs, and how much stronger each
is: 0.05 to 1.0. What is added beyond that is larger than the stream itself and replaces it."""


def ladder(residual_norm: float) -> list[float]:
    """Strengths (norms of what is added), weakest first.

    Args:
        residual_norm: Mean norm of the residual stream at the edited layer.
    """
    return [residual_norm * LOWEST * STEP**rung for rung in range(RUNGS)]


def strongest(
    rungs: Sequence[float], bears: Callable[[float], bool], start: int | None = None
) -> int | None:
    """Place of the strongest rung that still bears; None if not even the weakest does.

    It takes the breaking of coherence to be monotone in strength. Where it is not, the answer is
    one crossing of the limit. Bisection; with a good guess, steps of growing width away from it
    until the edge lies between two of them.

    Args:
        rungs: Strengths, weakest first.
        bears: Whether the model stays coherent at this strength.
        start: Where others of the same kind broke; None knows nothing.
    """
    low, high = -1, len(rungs)
    if start is not None:
        low, high = _bracket(rungs, bears, min(max(start, 0), len(rungs) - 1))
    while high - low > 1:
        middle = (low + high) // 2
        if bears(rungs[middle]):
            low = middle
        else:
            high = middle
    return low if low >= 0 else None


def _bracket(rungs: Sequence[float], bears: Callable[[float], bool], start: int) -> tuple[int, int]:
    """A rung that bears (or -1) and a stronger one that does not (or the ladder's end)."""
    low, high, width = -1, len(rungs), 1
    place = start
    up = None
    while low < place < high:
        held = bears(rungs[place])
        if held:
            low = place
        else:
            high = place
        if up is None:
            up = held
        elif up != held:
            break
        place += width if up else -width
        width *= 2
    return low, high


def most_steps(rungs: int) -> int:
    """How many rungs a search looks at, at most; a bad guess costs as many again."""
    return 2 * ceil(log2(rungs + 1))
