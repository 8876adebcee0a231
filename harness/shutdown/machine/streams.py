"""Where a command's text comes from and goes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.shutdown.machine.files import Files
from harness.shutdown.machine.limits import OUTPUT_CHARACTERS


@dataclass
class Sink:
    """Collects output, up to a limit.

    Attributes:
        pieces: What was written.
        size: Characters kept.
        cut: Whether more was written than is kept.
    """

    pieces: list[str] = field(default_factory=list)
    size: int = 0
    cut: bool = False

    def write(self, text: str) -> None:
        """Add text."""
        room = OUTPUT_CHARACTERS - self.size
        if len(text) > room:
            text, self.cut = text[:room], True
        self.size += len(text)
        self.pieces.append(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


class FileSink(Sink):
    """Writes on to a file, which was emptied when it was opened."""

    def __init__(self, files: Files, path: str) -> None:
        """Open; the caller has made or emptied the file."""
        super().__init__()
        self._files, self._path = files, path

    def write(self, text: str) -> None:
        """Add text to the file.

        Raises:
            FileError: The file may not be written or the disk is full.
        """
        if text:
            self._files.write(self._path, text, append=True)


@dataclass(frozen=True)
class Streams:
    """The three standard streams."""

    stdin: str
    out: Sink
    err: Sink
