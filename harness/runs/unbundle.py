"""Reading a bundle that a stranger made. Nothing is unpacked to disk, no name is trusted."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from harness.errors import RecordError
from harness.runs.bundle import (
    ADAPTERS,
    CONFIG_FILE,
    MANIFEST,
    TRAININGS,
    VERSION,
    FileEntry,
    Manifest,
)
from harness.runs.evidence import Evidence, Trained
from harness.runs.instruments import FOLDER as INSTRUMENTS
from harness.runs.instruments import LARGEST_RECORD, NAME, Side
from harness.runs.raw import RAW
from harness.runs.record import RECORD
from harness.runs.verify_inside import FOLDER as INSIDE
from harness.runs.verify_inside import LARGEST_INSIDE, RECORDS
from harness.training.record import WEIGHTS_FILE

MOST_FILES = 1000
LARGEST = {RECORD: 2**24, MANIFEST: 2**20, RAW: 2**28, CONFIG_FILE: 2**20, WEIGHTS_FILE: 2**35}
"""Bytes a file may have; adapters are only hashed, never read into memory."""
LARGEST_TRAINING = 2**24
LARGEST_TOGETHER = 2**29
"""Bytes of all files that are read into memory."""
HIGHEST_RATIO = 200
"""Unpacked bytes for each packed one; text packs to a tenth, a bomb to a thousandth."""
_CHUNK = 2**20
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TRAINED = re.compile(r"(?P<arm>[A-Za-z0-9_-]+)-(?P<seed>\d+)")
_TRAINING = re.compile(rf"{TRAININGS}/{_TRAINED.pattern}\.json")
_INSTRUMENT = re.compile(rf"{INSTRUMENTS}/(?P<name>{NAME.pattern})\.(?P<kind>json|rows\.jsonl\.gz)")
_INSIDE = re.compile(rf"{INSIDE}/({'|'.join(map(re.escape, RECORDS))})")
_ADAPTER = re.compile(rf"{ADAPTERS}/{_TRAINED.pattern}/(?P<file>[a-z_.]+)")


def evidence_of_bundle(path: Path) -> tuple[Evidence, list[str]]:
    """What a bundle holds, and where it differs from its own manifest.

    Raises:
        RecordError: It is no bundle, or one that means harm: names that lead elsewhere, links,
            files of no bundle, sizes that would fill the machine.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except FileNotFoundError as error:
        raise RecordError(f"There is no bundle {path}.") from error
    except RecordError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise RecordError(f"{path} is not a bundle that can be read: {error}") from error
    except Exception as error:  # zipfile meets hostile bytes with errors of many kinds
        raise RecordError(f"{path} is broken: {type(error).__name__}: {error}") from error


def _read(archive: zipfile.ZipFile, path: Path) -> tuple[Evidence, list[str]]:
    entries = _checked(archive.infolist(), path)
    folder = next(iter(entries)).partition("/")[0]
    files = {name.partition("/")[2]: info for name, info in entries.items()}
    for needed in (MANIFEST, RECORD, RAW):
        if needed not in files:
            raise RecordError(f"{path} is not a bundle: it holds no {needed}.")
    kept: dict[str, bytes] = {}
    hashes: dict[str, FileEntry] = {}
    for name, info in files.items():
        keep = _is_kept(info)
        content, hashes[name] = _content(archive, info, path, keep=keep)
        if keep:
            kept[name] = content
    manifest = _manifest(kept[MANIFEST], path)
    differing = list(_differences(manifest, hashes, folder))
    trainings: dict[Trained, bytes] = {}
    adapters: dict[Trained, str] = {}
    for name in files:
        if found := _TRAINING.fullmatch(name):
            trainings[found["arm"], int(found["seed"])] = kept[name]
        elif (found := _ADAPTER.fullmatch(name)) and found["file"] == WEIGHTS_FILE:
            adapters[found["arm"], int(found["seed"])] = hashes[name].sha256
    sides: dict[str, Side] = {}
    for name in files:
        if found := _INSTRUMENT.fullmatch(name):
            part = "record" if found["kind"] == "json" else "rows"
            sides[found["name"]] = replace(sides.get(found["name"], Side()), **{part: kept[name]})
    inside = {found[1]: kept[name] for name in files if (found := _INSIDE.fullmatch(name))}
    evidence = Evidence(
        str(path), folder, kept[RECORD], kept[RAW], trainings, adapters, sides, inside
    )
    return evidence, differing


def _checked(infos: list[zipfile.ZipInfo], path: Path) -> dict[str, zipfile.ZipInfo]:
    """Entries by name, all of them what a bundle may hold."""
    if not infos:
        raise RecordError(f"{path} is empty.")
    if len(infos) > MOST_FILES:
        raise RecordError(f"{path} holds {len(infos)} files; a bundle has at most {MOST_FILES}.")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if info.is_dir():
            continue
        complaint = next((words for words, wrong in _WRONG.items() if wrong(info)), None)
        if complaint:
            raise RecordError(f"{path} holds '{info.filename[:80]}', {complaint}.")
        if info.filename in found:
            raise RecordError(f"{path} holds '{info.filename[:80]}' twice.")
        found[info.filename] = info
    if sum(info.compress_size for info in found.values()) > path.stat().st_size:
        raise RecordError(f"{path} holds files that overlap, which is how bombs are made.")
    if sum(info.file_size for info in found.values() if _is_kept(info)) > LARGEST_TOGETHER:
        raise RecordError(f"{path} unpacks to more than {LARGEST_TOGETHER // 2**20} MiB.")
    if len({name.partition("/")[0] for name in found}) != 1:
        raise RecordError(f"{path} holds more than one run.")
    return found


def _is_strange(info: zipfile.ZipInfo) -> bool:
    folder, _, name = info.filename.partition("/")
    adapter = _ADAPTER.fullmatch(name)
    known = (
        name in (MANIFEST, RECORD, RAW)
        or _INSTRUMENT.fullmatch(name)
        or _INSIDE.fullmatch(name)
        or _TRAINING.fullmatch(name)
        or (adapter and adapter["file"] in (CONFIG_FILE, WEIGHTS_FILE))
    )
    return not (_FOLDER.fullmatch(folder) and known)


def _is_huge(info: zipfile.ZipInfo) -> bool:
    name = info.filename.partition("/")[2]
    if found := _INSTRUMENT.fullmatch(name):
        return info.file_size > (LARGEST_RECORD if found["kind"] == "json" else LARGEST[RAW])
    if _INSIDE.fullmatch(name):
        return info.file_size > LARGEST_INSIDE
    return info.file_size > LARGEST.get(name.rpartition("/")[2], LARGEST_TRAINING)


def _is_kept(info: zipfile.ZipInfo) -> bool:
    """Whether its bytes are needed; of an adapter only the hash is."""
    return not info.filename.endswith(WEIGHTS_FILE)


_WRONG: dict[str, Callable[[zipfile.ZipInfo], bool]] = {
    "which is no regular file": lambda info: (
        stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG)
    ),
    "which is no file of a bundle": _is_strange,
    "which is encrypted": lambda info: bool(info.flag_bits & 0x1),
    "which is too large": _is_huge,
    "which unpacks like a bomb": lambda info: (
        info.file_size > HIGHEST_RATIO * max(info.compress_size, 1) + _CHUNK
    ),
}


def _content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, *, keep: bool
) -> tuple[bytes, FileEntry]:
    """A file's bytes (none if only its hash is wanted) and its hash; never more than it said."""
    digest, size, kept = hashlib.sha256(), 0, []
    with archive.open(info) as source:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > info.file_size:
                raise RecordError(f"{path}: '{info.filename}' is larger than it says.")
            digest.update(chunk)
            if keep:
                kept.append(chunk)
    return b"".join(kept), FileEntry(sha256=digest.hexdigest(), bytes=size)


def _manifest(content: bytes, path: Path) -> Manifest:
    try:
        data = json.loads(content)
        version = data.get("bundle_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise RecordError(
                f"{path} is a bundle of a newer version ({version}, this reads {VERSION}).",
                hint="Upgrade em-harness.",
            )
        return Manifest.model_validate(data)
    except (ValueError, RecursionError, ValidationError) as error:
        raise RecordError(f"{path}: {MANIFEST} is not a manifest.") from error


def _differences(manifest: Manifest, hashes: dict[str, FileEntry], folder: str) -> list[str]:
    found = []
    if manifest.run_id != folder:
        found.append(f"the manifest is of run '{manifest.run_id}', not of '{folder}'")
    present = {name: entry for name, entry in hashes.items() if name != MANIFEST}
    for name in sorted(manifest.files.keys() | present.keys()):
        if name not in present:
            found.append(f"{name} is in the manifest, but not in the bundle")
        elif name not in manifest.files:
            found.append(f"{name} is in the bundle, but not in the manifest")
        elif manifest.files[name] != present[name]:
            found.append(f"{name} is not the file whose hash is in the manifest")
    return found
