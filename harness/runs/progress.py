"""What the run machinery tells about its progress; the command line decides how it looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what a run is doing."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins; ``total`` counts its steps, answers or judgements."""

    def advance(self, done: int, detail: str = "") -> None:
        """``done`` of the stage's total are finished."""

    def finish(self, note: str = "") -> None:
        """The stage is over."""

    def say(self, text: str) -> None:
        """A line worth reading."""


class Silent:
    """Tells nobody."""

    def start(self, stage: str, total: int) -> None:
        """Ignore."""

    def advance(self, done: int, detail: str = "") -> None:
        """Ignore."""

    def finish(self, note: str = "") -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Ignore."""
