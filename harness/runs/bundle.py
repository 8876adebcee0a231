"""A run in one zip file, to be handed in or kept: record, answers, trainings, hashes.

::

    <run>/run.json                                   the record: specification and figures
    <run>/answers.jsonl.gz                           raw answers with their scores
    <run>/instruments/<name>.json                    figures of an instrument
    <run>/instruments/<name>.rows.jsonl.gz           its raw rows
    <run>/inside/<verb>.json                         what was seen inside its models
    <run>/trainings/<arm>-<seed>.json                losses and settings of one training
    <run>/adapters/<arm>-<seed>/adapter_config.json  if asked for
    <run>/adapters/<arm>-<seed>/adapter_model.safetensors
    <run>/manifest.json                              SHA-256 and size of every file above

Equal runs give equal bytes. Unpacked in a ``results`` folder it is the run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from harness.errors import PrerequisiteError, RecordError
from harness.runs.evidence import raw_of_run, trained
from harness.runs.instrument_rows import pack_rows, unpack_rows
from harness.runs.instruments import FOLDER as INSTRUMENTS
from harness.runs.instruments import (
    parse_instrument,
    record_path,
    rows_path,
    sides_of_run,
)
from harness.runs.raw import RAW, pack, unpack
from harness.runs.record import RECORD, read_record
from harness.runs.spec import Strict
from harness.runs.store import Store
from harness.runs.verify_inside import FOLDER as INSIDE
from harness.runs.verify_inside import check_inside, inside_of_run
from harness.training.record import ADAPTER_FOLDER, RECORD_FILE, WEIGHTS_FILE

MANIFEST = "manifest.json"
TRAININGS, ADAPTERS = "trainings", "adapters"
CONFIG_FILE = "adapter_config.json"
VERSION = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold; files carry no other, so that equal runs give equal bytes."""
_COMPRESSED = (".gz", ".safetensors")
_CHUNK = 2**20


class FileEntry(Strict):
    """One file of a bundle."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Manifest(Strict):
    """What a bundle holds."""

    bundle_version: int
    run_id: str
    files: dict[str, FileEntry]
    """Name inside the run's folder to its hash and size."""


def write_bundle(
    folder: Path, out: Path, *, adapters: bool = False, texts: bool = True
) -> Manifest:
    """Pack a run.

    Args:
        folder: The run's folder in a results folder.
        out: The zip file to write; complete or not at all.
        adapters: Put the trained adapters in as well.
        texts: Keep what the model wrote; without, hashes of the answers stand in their place, and
            what was seen inside stays behind.

    Raises:
        RecordError: The run has no readable record or no raw answers.
        PrerequisiteError: An adapter is asked for and not on this machine, or the file cannot be
            written.
    """
    record = read_record(folder)
    raw = raw_of_run(record, folder)
    if raw is None:
        raise RecordError(
            f"The raw answers of {record.run_id} are not on this machine.",
            hint="Without them nobody can check the run; run the task again to make them.",
        )
    if not texts:
        raw = pack(unpack(raw, RAW), texts=False)
    contents: dict[str, bytes | Path] = {RECORD: (folder / RECORD).read_bytes(), RAW: raw}
    contents |= _instruments(folder, record.run_id, texts=texts)
    if texts:  # these quote answers and texts throughout
        contents |= _inside(folder, record.run_id)
    for arm, seed, place in trained(record, Store(folder.parent)):
        if (place / RECORD_FILE).is_file():
            contents[f"{TRAININGS}/{arm}-{seed}.json"] = place / RECORD_FILE
        if adapters:
            for name in (CONFIG_FILE, WEIGHTS_FILE):
                contents[f"{ADAPTERS}/{arm}-{seed}/{name}"] = _adapter_file(place, name)
    return _write(record.run_id, contents, out)


def _instruments(folder: Path, run_id: str, *, texts: bool) -> dict[str, bytes | Path]:
    """The side records of a run by their name in a bundle.

    Raises:
        RecordError: One of them is broken; whoever unpacks the bundle could not read it either.
    """
    found: dict[str, bytes | Path] = {}
    for name, side in sides_of_run(folder).items():
        if side.record is None:
            continue  # a run of the instrument that was cut off before its figures
        parse_instrument(side.record, str(record_path(folder, name)), name, run_id)
        found[f"{INSTRUMENTS}/{name}.json"] = side.record
        if side.rows is not None:
            where = str(rows_path(folder, name))
            rows = side.rows if texts else pack_rows(unpack_rows(side.rows, where), texts=False)
            found[f"{INSTRUMENTS}/{name}.rows.jsonl.gz"] = rows
    return found


def _inside(folder: Path, run_id: str) -> dict[str, bytes | Path]:
    """The records of the inside of a run by their name in a bundle.

    Raises:
        RecordError: One of them is broken; whoever unpacks the bundle could not read it either.
    """
    files = inside_of_run(folder)
    if problems := check_inside(files, run_id).problems:
        raise RecordError(f"{problems[0]}.", hint="Delete the file, or make it again.")
    return {f"{INSIDE}/{name}": content for name, content in files.items()}


def _adapter_file(place: Path, name: str) -> Path:
    path = place / ADAPTER_FOLDER / name
    if not path.is_file():
        raise PrerequisiteError(
            f"The adapter {path} is not on this machine.",
            hint="Bundle without --adapters, or run the task again to train it.",
        )
    return path


def _write(run_id: str, contents: dict[str, bytes | Path], out: Path) -> Manifest:
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    entries = {}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w") as archive:
            for name in sorted(contents):
                entries[name] = _add(archive, f"{run_id}/{name}", contents[name])
            manifest = Manifest(bundle_version=VERSION, run_id=run_id, files=entries)
            text = json.dumps(manifest.model_dump(), indent=1, sort_keys=True) + "\n"
            _add(archive, f"{run_id}/{MANIFEST}", text.encode())
        temporary.replace(out)
    except OSError as error:
        raise PrerequisiteError(f"{out} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return manifest


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> FileEntry:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system, info.external_attr = 3, 0o644 << 16
    stored = name.endswith(_COMPRESSED)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as target:
        for chunk in _chunks(content):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return FileEntry(sha256=digest.hexdigest(), bytes=size)


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk
