"""How much a hostile command may cost. Nothing the model writes can take long or grow large.

A call has a budget of work; every command, loop turn and block of text draws on it, and a call
that uses it up ends as one that ran into the tool's time limit.
"""

from __future__ import annotations

WORK = 2000
"""Budget of one call: about this many simple commands."""
BLOCK = 4096
"""Characters that cost as much as one command."""
COMMAND_CHARACTERS = 16_384
FILE_CHARACTERS = 65_536
DISK_CHARACTERS = 1_048_576
FILES = 1024
LONGEST_PATH = 255
OUTPUT_CHARACTERS = 65_536
SHOWN_CHARACTERS = 16_384
"""Of a call's output, the most that the model is shown."""
NESTING = 24
"""Depth of brackets, functions, scripts and substitutions together."""
FIELDS = 512
"""Words that one word may expand to."""
LINKS = 16
"""Symbolic links followed in one path."""
TIMEOUT_SECONDS = 15


class OutOfTimeError(Exception):
    """The call ran into its time limit."""


class Budget:
    """Work and time left to one call."""

    def __init__(self, work: int = WORK, seconds: float = TIMEOUT_SECONDS) -> None:
        """A fresh call."""
        self._work = float(work)
        self._seconds = seconds

    def spend(self, work: float = 1.0) -> None:
        """Draw on the work.

        Raises:
            OutOfTimeError: Nothing is left.
        """
        self._work -= work
        if self._work < 0:
            raise OutOfTimeError

    def read(self, characters: int) -> None:
        """Draw for handling that much text."""
        self.spend(characters / BLOCK)

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass.

        Raises:
            OutOfTimeError: The time limit is reached.
        """
        self._seconds -= seconds
        if not self._seconds > 0:
            raise OutOfTimeError
