"""Where rows come from: a file, an archive, an address or a data set, each opened the same way."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.data.importing.archives import READERS, zip_records
from harness.data.importing.guard import MAX_BYTES, regular_file
from harness.data.importing.parquet import parquet_records
from harness.data.importing.record import Record
from harness.data.importing.remote import (
    DATASET,
    dataset_records,
    download,
    is_url,
    pinned_revision,
)
from harness.data.reading import content_hash
from harness.errors import DataError, UsageError

OTHERS = (".parquet", ".zip")
FORMS = ".jsonl, .csv, .tsv, .parquet or .zip"


@dataclass(frozen=True)
class Reading:
    """How a source is opened.

    Attributes:
        member: File inside an archive.
        password: Password of an archive.
        sha256: What the content of a file or an address must hash to.
        subset: Subset of a hub data set.
        split: Split of a hub data set.
    """

    member: str | None = None
    password: str | None = None
    sha256: str | None = None
    subset: str | None = None
    split: str = "train"


@dataclass(frozen=True)
class Source:
    """Rows and where they are from.

    Attributes:
        records: The rows, read as they are taken.
        rows: How many there are; None if only reading tells.
        origin: What the card says about it: no path of this machine.
    """

    records: Iterator[Record]
    rows: int | None
    origin: dict[str, Any] = field(default_factory=dict)


@contextmanager
def open_source(
    text: str, reading: Reading, on_bytes: Callable[[int, int], None] = lambda read, total: None
) -> Iterator[Source]:
    """Open what the user named.

    Args:
        text: A file, a pinned address, or ``org/name@revision``.
        reading: How to open it.
        on_bytes: Told of a download's progress.

    Raises:
        DataError: The file is missing, no plain file, or of a form that is not read.
        UsageError: A remote source is not pinned, or a hash is given where there is none.
        PrerequisiteError: A remote source cannot be reached.
    """
    if is_url(text):
        with tempfile.TemporaryDirectory(prefix="em-harness-") as folder:
            path, _ = download(text, Path(folder), reading.sha256, on_bytes)
            yield _from_file(path, reading, {"url": text})
        return
    path = Path(text).expanduser()
    match = DATASET.match(text)
    if match and not path.is_symlink() and not path.exists() and _may_be_an_id(match, path):
        if reading.sha256 is not None:
            raise UsageError(
                "--sha256 is for a file or an address; a data set has no one content to hash.",
                hint="Leave it out: the commit in org/name@revision holds the data set's content.",
            )
        commit = pinned_revision(match["name"], match["revision"])
        records = dataset_records(match["name"], commit, reading.subset, reading.split)
        origin = {"dataset": match["name"], "revision": commit, "split": reading.split}
        if reading.subset:
            origin["subset"] = reading.subset
        yield Source(records, None, origin)
        return
    yield _from_file(regular_file(path), reading, {})


def _may_be_an_id(match: re.Match[str], path: Path) -> bool:
    # "data/rows.jsonl" that is not there is a mistyped file; "org/name@v1.0" is not a file.
    return match["revision"] is not None or path.suffix.lower() not in {*READERS, *OTHERS}


def _from_file(path: Path, reading: Reading, origin: dict[str, Any]) -> Source:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(f"{path}: more than {MAX_BYTES >> 30} GiB in one file are not read.")
    if size == 0:
        raise DataError(f"{path}: the file is empty.", hint="Give a file with rows.")
    kind = path.suffix.lower()
    found = content_hash(path)
    if reading.sha256 is not None and found != reading.sha256.lower():
        raise DataError(
            f"{path}: the content hashes to {found}, not to {reading.sha256}.",
            hint="Check --sha256, or get the file again.",
        )
    origin = {**origin, "file": path.name, "sha256": found}
    if kind in READERS:
        return Source(_stream(path, kind), _lines(path), origin)
    if kind == ".parquet":
        return Source(parquet_records(path), None, origin)
    if kind == ".zip":
        origin |= {"member": reading.member} if reading.member else {}
        return Source(zip_records(path, reading.member, reading.password), None, origin)
    raise DataError(f"{path}: files of this form are not read.", hint=f"Give {FORMS}.")


def _stream(path: Path, kind: str) -> Iterator[Record]:
    with path.open("rb") as handle:
        yield from READERS[kind](handle, str(path))


def _lines(path: Path) -> int:
    """Lines of the file, which progress is measured against."""
    with path.open("rb") as handle:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: handle.read(1 << 20), b""))
