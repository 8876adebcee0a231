"""Many calls at once."""

from __future__ import annotations

import pytest

from harness.errors import DataError, JudgeError
from harness.judging.together import AT_ONCE, ask_together


def test_every_place_is_asked_once_and_never_too_many_together() -> None:
    asked: list[int] = []
    running = most = 0

    async def one(place: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await _moment()
        running -= 1
        asked.append(place)

    ask_together("The judge x", AT_ONCE + 5, one)
    assert sorted(asked) == list(range(AT_ONCE + 5))
    assert 1 < most <= AT_ONCE


def test_whatever_fails_is_one_message_that_says_who() -> None:
    async def one(place: int) -> None:
        await _moment()
        raise ConnectionError(f"no route {place}")

    with pytest.raises(JudgeError, match=r"^The labeller x failed: no route"):
        ask_together("The labeller x", 3, one)


def test_an_error_of_ours_passes_as_it_is() -> None:
    async def one(place: int) -> None:
        await _moment()
        raise DataError("broken")

    with pytest.raises(DataError, match="broken"):
        ask_together("The judge x", 3, one)


async def _moment() -> None:
    import anyio

    await anyio.sleep(0)
