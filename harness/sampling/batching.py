"""One worker thread that answers requests in groups.

Inspect asks for one answer at a time, from many tasks at once. Requests with an equal key wait
here until their group is full or nothing new has arrived for a moment; then one call answers
them all, off the event loop.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import EventLoopToken, current_token

IDLE_SECONDS = 0.15

Cancelled = Callable[[], bool]
Run = Callable[[Sequence[Any], Cancelled], Sequence[Any]]


@dataclass(frozen=True)
class GroupKey:
    """What requests must share to be answered together.

    Attributes:
        lane: Requests of one lane keep each other waiting: a group that is not full runs when its
            lane has been idle.
        content: Anything hashable: model, prompt, settings.
        full: Size at which a group runs at once, and its largest size; None waits for idleness.
    """

    lane: str
    content: Hashable
    full: int | None


@dataclass(eq=False)
class _Ticket:
    item: Any
    event: anyio.Event
    token: EventLoopToken
    abandoned: bool = False
    result: Any = None
    error: Exception | None = None


@dataclass
class _Group:
    run: Run
    tickets: list[_Ticket] = field(default_factory=list)


class Batcher:
    """Collects requests from event loops and runs them in one daemon thread."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Start no thread yet; the first request does."""
        self._idle = idle_seconds
        self._changed = threading.Condition()
        self._groups: dict[GroupKey, _Group] = {}
        self._last_arrival: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._stopping = False
        # Waking the event loop blocks until it answers; the worker must not wait for that.
        self._postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="harness-post")

    async def submit(self, key: GroupKey, item: Any, run: Run) -> Any:
        """Wait for the answer to ``item``.

        Args:
            key: Requests with an equal key are answered by one call.
            item: What to answer.
            run: Called in the worker thread with the group's items; returns as many results.

        Raises:
            Exception: Whatever ``run`` raised, for every member of the group.
        """
        ticket = _Ticket(item, anyio.Event(), current_token())
        with self._changed:
            was_empty = not self._groups
            group = self._groups.setdefault(key, _Group(run))
            group.tickets.append(ticket)
            self._last_arrival[key.lane] = time.monotonic()
            self._ensure_thread()
            # Anything else is seen when the worker's patience ends; waking it costs more.
            if was_empty or len(group.tickets) == key.full:
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
            if taken is not None and taken[1]:
                self._answer(*taken)

    def _take(self) -> tuple[Run, list[_Ticket]] | None:
        """The next group to run: a full one, else the oldest whose lane is idle."""
        for key, group in self._groups.items():
            if key.full is not None and len(group.tickets) >= key.full:
                return self._remove(key)
        before = time.monotonic() - self._idle
        for key in self._groups:
            if self._last_arrival[key.lane] <= before:
                return self._remove(key)
        return None

    def _remove(self, key: GroupKey) -> tuple[Run, list[_Ticket]]:
        group = self._groups.pop(key)
        size = key.full or len(group.tickets)
        taken, rest = group.tickets[:size], group.tickets[size:]
        if rest:
            self._groups[key] = _Group(group.run, rest)
        return group.run, [ticket for ticket in taken if not ticket.abandoned]

    def _patience(self) -> float | None:
        lanes = {key.lane for key in self._groups}
        if not lanes:
            return None
        earliest = min(self._last_arrival[lane] for lane in lanes)
        return max(earliest + self._idle - time.monotonic(), 0.001)

    def _answer(self, run: Run, tickets: list[_Ticket]) -> None:
        def cancelled() -> bool:
            return self._stopping or all(ticket.abandoned for ticket in tickets)

        try:
            results = run([ticket.item for ticket in tickets], cancelled)
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
