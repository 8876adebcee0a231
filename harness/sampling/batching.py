"""One worker thread that answers requests in groups.

Inspect asks for one answer at a time, from many tasks at once. Requests wait here until their
group is full or nothing new has arrived for a moment; then one call answers them together, off
the event loop.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import EventLoopToken, current_token

IDLE_SECONDS = 0.15

Cancelled = Callable[[], bool]
Run = Callable[[Sequence[Any], Cancelled], Sequence[Any]]


@dataclass(frozen=True)
class Lane:
    """Requests that one call may answer together.

    Attributes:
        content: What they share: model, settings …
        at_once: Most requests per call.
    """

    content: Hashable
    at_once: int


@dataclass(frozen=True)
class Group:
    """Requests of a lane that gain most from one call: those with an equal prompt.

    Attributes:
        lane: A group that never fills runs when its lane has been idle, together with the lane's
            other groups.
        content: What the requests share.
        full: Size at which the group runs at once, without waiting.
    """

    lane: Lane
    content: Hashable = None
    full: int | None = None


@dataclass(eq=False)
class _Ticket:
    item: Any
    run: Run
    event: anyio.Event
    token: EventLoopToken
    abandoned: bool = False
    result: Any = None
    error: Exception | None = None


class Batcher:
    """Collects requests from event loops and runs them in one daemon thread."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Start no thread yet; the first request does."""
        self._idle = idle_seconds
        self._changed = threading.Condition()
        self._waiting: dict[Group, list[_Ticket]] = {}
        self._last_arrival: dict[Lane, float] = {}
        self._thread: threading.Thread | None = None
        self._stopping = False
        # Waking the event loop blocks until it answers; the worker must not wait for that.
        self._postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="harness-post")

    async def submit(self, group: Group, item: Any, run: Run) -> Any:
        """Wait for the answer to ``item``.

        Args:
            group: Where the request belongs.
            item: What to answer.
            run: Called in the worker thread with items of the lane; returns as many results.

        Raises:
            Exception: Whatever ``run`` raised, for every request of the call.
        """
        ticket = _Ticket(item, run, anyio.Event(), current_token())
        with self._changed:
            was_empty = not self._waiting
            tickets = self._waiting.setdefault(group, [])
            tickets.append(ticket)
            self._last_arrival[group.lane] = time.monotonic()
            self._ensure_thread()
            # Anything else is seen when the worker's patience ends; waking it costs more.
            if was_empty or len(tickets) == group.full:
                self._changed.notify()
        try:
            await ticket.event.wait()
        finally:
            ticket.abandoned = True
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="harness-torch", daemon=True)
            self._thread.start()
            # Ending the interpreter under a running torch call crashes it.
            atexit.register(self._stop)

    def _stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while True:
            with self._changed:
                while (taken := self._take()) is None and not self._stopping:
                    self._changed.wait(self._patience())
            if self._stopping:
                return
            if tickets := [ticket for ticket in taken or () if not ticket.abandoned]:
                self._answer(tickets)

    def _take(self) -> list[_Ticket] | None:
        """A full group, else what waits in the lane that has been idle longest enough."""
        for group, tickets in self._waiting.items():
            if group.full is not None and len(tickets) >= group.full:
                return self._remove(group, group.full)
        before = time.monotonic() - self._idle
        lane = next((g.lane for g in self._waiting if self._last_arrival[g.lane] <= before), None)
        return None if lane is None else self._remove_from(lane)

    def _remove_from(self, lane: Lane) -> list[_Ticket]:
        """Whole groups, oldest first, as many as fit; of a huge one its first part."""
        taken: list[_Ticket] = []
        for group in [group for group in self._waiting if group.lane == lane]:
            room = lane.at_once - len(taken)
            if taken and len(self._waiting[group]) > room:
                break
            taken += self._remove(group, room)
        return taken

    def _remove(self, group: Group, size: int) -> list[_Ticket]:
        tickets = self._waiting.pop(group)
        if tickets[size:]:
            self._waiting[group] = tickets[size:]
        return tickets[:size]

    def _patience(self) -> float | None:
        if not self._waiting:
            return None
        earliest = min(self._last_arrival[group.lane] for group in self._waiting)
        return max(earliest + self._idle - time.monotonic(), 0.001)

    def _answer(self, tickets: list[_Ticket]) -> None:
        def cancelled() -> bool:
            return self._stopping or all(ticket.abandoned for ticket in tickets)

        try:
            results = tickets[0].run([ticket.item for ticket in tickets], cancelled)
            for ticket, result in zip(tickets, results, strict=True):
                ticket.result = result
        except Exception as error:
            for ticket in tickets:
                ticket.error = error
        by_loop: dict[EventLoopToken, list[_Ticket]] = {}
        for ticket in tickets:
            by_loop.setdefault(ticket.token, []).append(ticket)
        for token, waiting in by_loop.items():
            self._postman.submit(_wake, waiting, token)


def _wake(tickets: list[_Ticket], token: EventLoopToken) -> None:
    def wake() -> None:
        for ticket in tickets:
            ticket.event.set()

    # The event loop is gone when an evaluation was cancelled; then nobody waits.
    with suppress(anyio.RunFinishedError, RuntimeError):
        from_thread.run_sync(wake, token=token)


BATCHER = Batcher()
