"""Progress on standard error: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from harness.cli.output import stderr_console

PLAIN_SECONDS = 5.0


class TerminalProgress:
    """A rich bar for the current stage; finished stages stay as one line."""

    def __init__(self) -> None:
        """Open nothing until a stage starts."""
        self._console = stderr_console()
        self._bars: Bars | None = None
        self._stage = ""
        self._began = 0.0

    def start(self, stage: str, total: int) -> None:
        """Show a bar."""
        self._close()
        self._stage, self._began = stage, time.monotonic()
        self._bars = Bars(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self._console,
            transient=True,
        )
        # Nobody knows how long some files are before they are read: the bar then only pulses.
        self._bars.add_task(escape(stage), total=total or None, detail="")
        self._bars.start()

    def advance(self, done: int, detail: str = "") -> None:
        """Move the bar."""
        if self._bars is not None:
            self._bars.update(self._bars.task_ids[0], completed=done, detail=escape(detail))

    def finish(self, note: str = "") -> None:
        """Replace the bar by a line."""
        self._close()
        seconds = time.monotonic() - self._began
        self._console.print(
            f"  [green]done[/] {escape(self._stage)}  [dim]{seconds:.1f} s  {escape(note)}[/]"
        )

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(f"  {escape(text)}")

    def close(self) -> None:
        """Leave the terminal clean, whatever happened."""
        self._close()

    def _close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


class PlainProgress:
    """A line at the start and end of a stage and every few seconds between."""

    def __init__(self) -> None:
        """Nothing has started."""
        self._stage, self._total = "", 0
        self._began = self._last = 0.0

    def start(self, stage: str, total: int) -> None:
        """Announce the stage."""
        self._stage, self._total = stage, total
        self._began = self._last = time.monotonic()
        self._line(f"{stage}: 0/{total or '?'}")

    def advance(self, done: int, detail: str = "") -> None:
        """Tell how far it is, at most every few seconds."""
        now = time.monotonic()
        if now - self._last < PLAIN_SECONDS or done <= 0:
            return
        self._last = now
        if not self._total:
            self._line(f"{self._stage}: {done} {detail}".rstrip())
            return
        left = (now - self._began) / done * max(0, self._total - done)
        self._line(
            f"{self._stage}: {done}/{self._total}, about {left:.0f} s left {detail}".rstrip()
        )

    def finish(self, note: str = "") -> None:
        """Tell how long it took."""
        seconds = time.monotonic() - self._began
        self._line(f"{self._stage}: done in {seconds:.1f} s {note}".rstrip())

    def say(self, text: str) -> None:
        """Print a line."""
        self._line(text)

    def close(self) -> None:
        """Nothing to clean."""

    def _line(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def make_progress() -> TerminalProgress | PlainProgress:
    """The kind that fits where standard error goes."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()
