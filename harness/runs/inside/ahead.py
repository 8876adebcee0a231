"""A second process that works ahead of the first one, where a small model leaves cores idle.

Small models on a CPU gain little from more threads: two processes with half of the cores each do
nearly twice the work. What the second one finds lies in the results store, where the first one
looks before it computes anything. So it only ever saves time: where it fails, or is killed, the
first process does the work itself, and that one says what is wrong.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import RLock, Thread
from typing import Any, Protocol

from harness.errors import ModelReferenceError
from harness.runs.inside.subjects import Subjects, resolve_subjects
from harness.workspace import Workspace

LARGEST = 500_000_000
"""Parameters of a model that may lie in memory twice. A larger one keeps all cores busy by itself,
and where memory runs out, the system may end the first process as well."""
Work = Callable[..., object]
"""A function of a module, called with the run's subjects and what was given with it."""
Wait = Callable[[], None]


class Hand(Protocol):
    """Somebody who may work ahead."""

    def start(self, work: Work, *given: Any) -> Wait:
        """Begin ``work(subjects, *given)`` after what was begun before.

        Args:
            work: What to do.
            given: What it needs beside the run; picklable.

        Returns:
            Waits until it is done or has failed.
        """


class NoHand:
    """Nobody works ahead."""

    def start(self, work: Work, *given: Any) -> Wait:
        """Leave it to the caller."""
        return lambda: None


class SecondHand:
    """One process with its own models."""

    def __init__(self, subjects: Subjects, threads: int) -> None:
        """Start it.

        Args:
            subjects: The run.
            threads: Threads for its matrix products.
        """
        start = (subjects.record.run_id, subjects.workspace.results, threads)
        self._pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_begin, initargs=start
        )

    def start(self, work: Work, *given: Any) -> Wait:
        """Begin ``work(subjects, *given)`` after what was begun before."""
        try:
            with _deaf():
                begun = self._pool.submit(_do, work, given)
        except BrokenProcessPool:  # it died; the first process is left with the work
            return lambda: None

        def done() -> None:
            wait([begun])

        return done

    def close(self) -> None:
        """Stop it at once."""
        for process in list((self._pool._processes or {}).values()):
            process.terminate()
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def second_hand(subjects: Subjects) -> Iterator[Hand]:
    """A second process while the context is open, if small models run on a CPU of several cores.

    This process then takes half of the cores' threads, and keeps to it.
    """
    import torch

    from harness.models.devices import preferred_device

    before = torch.get_num_threads()
    if before < 2 or preferred_device().type != "cpu" or not _is_small(subjects):
        yield NoHand()
        return
    torch.set_num_threads(before // 2)
    hand = SecondHand(subjects, before // 2)
    try:
        yield hand
    finally:
        hand.close()
        torch.set_num_threads(before)


def _is_small(subjects: Subjects) -> bool:
    from harness.models.size import model_size

    try:
        return model_size(subjects.base.reference).parameters <= LARGEST
    except ModelReferenceError:  # of unknown size: better one process than no memory
        return False


@contextmanager
def _deaf() -> Iterator[None]:
    """Hear no interrupt; a process begun meanwhile never will.

    The user's interrupt reaches all processes; the first one ends the second.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_subjects: Subjects | None = None
"""Of the second process."""


def _begin(run_id: str, results: Path, threads: int) -> None:
    import torch
    from tqdm import tqdm

    global _subjects
    # Its usual lock is shared by processes and outlives one that is ended.
    tqdm.set_lock(RLock())
    Thread(target=_end_with_the_first, daemon=True).start()
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(quiet, stream.fileno())
    torch.set_num_threads(threads)
    _subjects = resolve_subjects(run_id, Workspace.here(results))


def _end_with_the_first() -> None:
    first = parent_process()
    assert first is not None
    first.join()
    os._exit(1)


def _do(work: Work, given: tuple[Any, ...]) -> None:
    work(_subjects, *given)
