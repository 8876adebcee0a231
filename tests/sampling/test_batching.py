from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import anyio

from harness.sampling.batching import Batcher, Cancelled, Group, Lane

LANE = Lane("lane", at_once=8)


class Recorder:
    """A ``run`` that doubles its items and remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.threads: set[int] = set()

    def __call__(self, items: Sequence[int], _: Cancelled) -> list[int]:
        self.calls.append(list(items))
        self.threads.add(threading.get_ident())
        return [item * 2 for item in items]


async def submit_all(
    batcher: Batcher, requests: Sequence[tuple[Group, int]], run: Callable[..., Sequence[int]]
) -> dict[int, int]:
    results: dict[int, int] = {}

    async def one(group: Group, item: int) -> None:
        results[item] = await batcher.submit(group, item, run)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for group, item in requests:
                tasks.start_soon(one, group, item)
    return results


def test_full_groups_run_without_waiting() -> None:
    run, batcher = Recorder(), Batcher(idle_seconds=60)
    groups = [Group(LANE, name, full=4) for name in "ab"]
    requests = [(groups[i % 2], i) for i in range(8)]
    results = anyio.run(submit_all, batcher, requests, run)
    assert results == {i: i * 2 for i in range(8)}
    assert run.calls == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert len(run.threads) == 1 and threading.get_ident() not in run.threads


def test_idle_lane_runs_whole_groups_together() -> None:
    run, batcher = Recorder(), Batcher(idle_seconds=0.05)
    sizes = {"a": 3, "b": 4, "c": 2, "d": 10}
    names = [name for name, size in sizes.items() for _ in range(size)]
    requests = [(Group(LANE, name), i) for i, name in enumerate(names)]
    anyio.run(submit_all, batcher, requests, run)
    assert [len(call) for call in run.calls] == [7, 2, 8, 2]
    assert [i for call in run.calls for i in call] == list(range(19))


def test_lanes_are_never_mixed() -> None:
    run, batcher = Recorder(), Batcher(idle_seconds=0.05)
    lanes = [Lane(name, at_once=8) for name in "ab"]
    anyio.run(submit_all, batcher, [(Group(lanes[i % 2]), i) for i in range(6)], run)
    assert sorted(run.calls) == [[0, 2, 4], [1, 3, 5]]


def test_failure_reaches_every_request_and_the_next_call_works() -> None:
    batcher = Batcher(idle_seconds=0.02)

    def fail(items: Sequence[int], _: Cancelled) -> list[int]:
        raise ValueError(f"no {len(items)}")

    async def both() -> list[str]:
        seen: list[str] = []

        async def one(item: int) -> None:
            try:
                await batcher.submit(Group(LANE), item, fail)
            except ValueError as error:
                seen.append(str(error))

        async with anyio.create_task_group() as tasks:
            for item in range(3):
                tasks.start_soon(one, item)
        assert await batcher.submit(Group(LANE), 5, Recorder()) == 10
        return seen

    assert anyio.run(both) == ["no 3"] * 3


def test_cancelled_requests_are_not_computed() -> None:
    run, batcher = Recorder(), Batcher(idle_seconds=0.2)

    async def main() -> None:
        with anyio.move_on_after(0.01):
            await batcher.submit(Group(LANE), 1, run)
        assert await batcher.submit(Group(LANE), 2, run) == 4

    anyio.run(main)
    assert run.calls == [[2]]


def test_running_call_learns_that_nobody_waits() -> None:
    batcher, started, stopped = Batcher(idle_seconds=0.01), threading.Event(), threading.Event()

    def endless(items: Sequence[int], cancelled: Cancelled) -> Sequence[int]:
        started.set()
        while not cancelled():
            threading.Event().wait(0.005)
        stopped.set()
        return items

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(batcher.submit, Group(LANE), 1, endless)
            await anyio.to_thread.run_sync(started.wait, 10)
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(stopped.wait, 10)

    anyio.run(main)


def test_serves_one_event_loop_after_another() -> None:
    run, batcher = Recorder(), Batcher(idle_seconds=0.01)
    for item in (1, 2):
        assert anyio.run(submit_all, batcher, [(Group(LANE), item)], run) == {item: item * 2}
