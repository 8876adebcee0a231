"""What is refused before a byte of a foreign file is believed."""

from __future__ import annotations

import stat
from pathlib import Path

from harness.data.reading import unreadable
from harness.errors import DataError

MAX_BYTES = 4 * 1024**3
"""Most bytes that are read out of one source, unpacked."""
MAX_RATIO = 200
"""Most bytes out of one byte in an archive; chat data packs 4- to 30-fold."""
MAX_CELL_BYTES = 16 * 1024 * 1024
"""Longest cell of a table."""


def regular_file(path: Path) -> Path:
    """The path, if it is a plain file of its own.

    Raises:
        DataError: It is missing, a symbolic link, a folder or a device.
    """
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise unreadable(path, error) from error
    if stat.S_ISLNK(mode):
        raise DataError(
            f"{path}: this is a symbolic link to {path.resolve()}.",
            hint="Give the file itself, so that it is clear what is read.",
        )
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: this is not a file.", hint="Give one data file.")
    return path


def not_a_bomb(name: str, packed: int, unpacked: int) -> None:
    """Check the sizes that a packed file declares.

    Raises:
        DataError: Unpacking it would fill the disk or the memory.
    """
    if unpacked > MAX_BYTES or unpacked > MAX_RATIO * max(packed, 1024):
        raise DataError(
            f"{name}: {packed:,} bytes would unpack to {unpacked:,}, which is not what data does.",
            hint=f"At most {MAX_BYTES >> 30} GiB and {MAX_RATIO} times the packed size are read; "
            "unpack it yourself if you trust it.",
        )
