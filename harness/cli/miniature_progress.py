"""Progress of a build on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

SECONDS_BETWEEN_LINES = 15.0


class BuildProgress(Protocol):
    """What a build reports to."""

    def step(self, phase: str, step: int, steps: int, loss: float) -> None:
        """A training step is done."""

    def announce(self, text: str) -> None:
        """Something other than training begins."""


@contextmanager
def build_progress(console: Console | None = None) -> Iterator[BuildProgress]:
    """Bars with the time left if standard error is a terminal, else a line now and then."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, speed_estimate_period=120) as bars:
        yield _Bars(bars)


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def step(self, phase: str, step: int, steps: int, loss: float) -> None:
        """Move the phase's bar; a resumed phase begins where it stopped."""
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(
                phase, total=steps, completed=step - 1, loss=loss
            )
        self._bars.update(self._tasks[phase], completed=step, loss=loss)

    def announce(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(f"{text} …")


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""
        self._first = (0, 0.0)
        self._shown = 0.0

    def step(self, phase: str, step: int, steps: int, loss: float) -> None:
        """Print the first and the last step of a phase, and one every few seconds."""
        now = time.monotonic()
        new = phase != self._phase
        if new:
            self._phase, self._first = phase, (step, now)
        if new or step == steps or now - self._shown >= SECONDS_BETWEEN_LINES:
            self._shown = now
            left = self._seconds_left(step, steps, now)
            self._say(f"{phase} {step}/{steps} loss {loss:.3f}{left}")

    def announce(self, text: str) -> None:
        """Print a line."""
        self._say(f"{text} …")

    def _seconds_left(self, step: int, steps: int, now: float) -> str:
        first, started = self._first
        if step in (first, steps):
            return ""
        seconds = (now - started) / (step - first) * (steps - step)
        return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
