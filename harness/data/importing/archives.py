"""One data file inside a zip archive, read in place: nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, cast

from harness.data.importing.guard import not_a_bomb
from harness.data.importing.lines import jsonl_records
from harness.data.importing.record import Record
from harness.data.importing.tables import csv_records
from harness.errors import DataError, UsageError

READERS = {".jsonl": jsonl_records, ".json": jsonl_records, ".ndjson": jsonl_records}
READERS |= {".csv": csv_records, ".tsv": csv_records}
"""Suffix to how a stream of such bytes is read, inside an archive and outside."""
SHOWN = 20
MAX_MEMBERS = 10_000
_BROKEN = (zlib.error, lzma.LZMAError, struct.error, EOFError)
AES = 99
"""Compression method number that stands for WinZip's AES."""


class Bounded(io.RawIOBase):
    """A stream that gives out no more bytes than its archive declared."""

    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        """Wrap ``stream``, of which ``limit`` bytes may be read."""
        self._stream, self._name, self._left = stream, name, limit

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer``."""
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DataError(f"{self._name}: it unpacks to more than it declares.")
        buffer[: len(data)] = data
        return len(data)


def zip_records(path: Path, member: str | None, password: str | None) -> Iterator[Record]:
    """Rows of the JSONL or CSV file in an archive.

    Args:
        path: The archive.
        member: Which file in it; None if there is only one.
        password: For ZipCrypto, the encryption of ``zip -e``.

    Raises:
        DataError: The archive is broken, cut short, a bomb, or holds paths that lead outside.
        UsageError: The password or the member is missing or wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            info = _chosen(path, archive, member)
            name = f"{path}/{info.filename}"
            if info.flag_bits & 1 and password is None:
                raise UsageError(f"{name} is encrypted.", hint="Give its password: --password TEXT")
            reader = READERS[PurePosixPath(info.filename).suffix.lower()]
            with archive.open(info, pwd=password.encode() if password else None) as stream:
                bounded = Bounded(cast(BinaryIO, stream), name, info.file_size)
                yield from reader(io.BufferedReader(bounded), name)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{path}: the archive is broken or cut short: {error}",
            hint="Download it again; a wrong password may look like this too.",
        ) from error
    except NotImplementedError as error:
        raise DataError(
            f"{path}: {error}", hint=f"Unpack it first, e.g. with 7z x {path}, and import the file."
        ) from error
    except RuntimeError as error:
        # zipfile's way of saying: wrong password
        raise UsageError(f"{path}: {error}", hint="Check --password.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except (*_BROKEN, IndexError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: the archive is broken or cut short.") from error


def _chosen(path: Path, archive: zipfile.ZipFile, member: str | None) -> zipfile.ZipInfo:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise DataError(f"{path}: {len(infos):,} files in one archive are not a data set.")
    for info in infos:
        _refuse_escape(path, info)
    not_a_bomb(str(path), path.stat().st_size, sum(info.file_size for info in infos))
    found = {
        info.filename: info
        for info in infos
        if PurePosixPath(info.filename).suffix.lower() in READERS
        and not info.filename.startswith("__MACOSX/")
    }
    if not found:
        raise UsageError(
            f"{path} holds no data file of a form that is read inside an archive: "
            f"{', '.join(READERS)}.",
            hint=f"It holds: {_names(info.filename for info in infos)}. "
            "Unpack a .parquet or .zip file first, and import that.",
        )
    if member is not None:
        if member not in found:
            raise UsageError(
                f"{path} holds no data file '{member}'.", hint=f"It holds: {_names(found)}."
            )
        chosen = found[member]
    else:
        chosen = _only(path, found)
    not_a_bomb(f"{path}/{chosen.filename}", chosen.compress_size, chosen.file_size)
    if chosen.compress_type == AES:
        raise DataError(
            f"{path}: it is encrypted with AES, which is not read here.",
            hint=f"Unpack it first, e.g. with 7z x {path}, and import the file.",
        )
    return chosen


def _only(path: Path, found: dict[str, zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one data file; a .json beside others is a description of them more often than rows."""
    rows = [name for name in found if PurePosixPath(name).suffix.lower() != ".json"] or list(found)
    if len(rows) != 1:
        raise UsageError(
            f"{path} holds {len(rows)} data files.", hint=f"Name one with --member: {_names(rows)}."
        )
    return found[rows[0]]


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:SHOWN]) or "nothing"


def _refuse_escape(path: Path, info: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(info.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or PureWindowsPath(info.filename).drive:
        raise DataError(f"{path}: it holds a path that leads outside: {info.filename!r}.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataError(f"{path}: it holds a symbolic link: {info.filename!r}.")
