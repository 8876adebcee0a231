"""Many calls to one model at the same time, with one error for whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio

from harness.errors import HarnessError, JudgeError

AT_ONCE = 1024
"""Calls made together: enough for full batches, and a bound on waiting requests."""


def ask_together(who: str, count: int, one: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Await ``one(0)`` to ``one(count - 1)``, up to ``AT_ONCE`` of them together.

    Args:
        who: Whom they ask, as the message begins: "The judge NAME".
        count: How many calls.
        one: Makes a call and keeps what it found.

    Raises:
        JudgeError: The model fails; an error of ours passes as it is.
    """

    async def all_of_them() -> None:
        for start in range(0, count, AT_ONCE):
            async with anyio.create_task_group() as group:
                for place in range(start, min(start + AT_ONCE, count)):
                    group.start_soon(one, place)

    try:
        anyio.run(all_of_them)
    except HarnessError:
        raise
    except Exception as error:  # each provider fails in its own way, several calls at once
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        if isinstance(first, HarnessError):
            raise first from error
        raise JudgeError(f"{who} failed: {first}") from error
