"""The mark that a record was recomputed here: ``results/<run>/verified.json``.

It is of this machine and does not travel: whoever wants to trust a run verifies it again.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from harness import __version__
from harness.runs.instruments import FOLDER
from harness.runs.record import RECORD
from harness.workspace import write_atomic

STAMP = "verified.json"


def stamp(folder: Path) -> None:
    """Mark a run's present record and side records as verified."""
    value = {
        "record_sha256": _hash(folder),
        "instruments": _side_hashes(folder),
        "verified": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
    }
    write_atomic(folder / STAMP, json.dumps(value, indent=1) + "\n")


def unstamp(folder: Path) -> None:
    """Take the mark away."""
    (folder / STAMP).unlink(missing_ok=True)


def is_stamped(folder: Path) -> bool:
    """Whether record and side records in the folder are those that were verified."""
    try:
        value = json.loads((folder / STAMP).read_bytes())
        same = value["record_sha256"] == _hash(folder)
        return bool(same and value.get("instruments", {}) == _side_hashes(folder))
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return False


def _hash(folder: Path) -> str:
    return hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()


def _side_hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / FOLDER).glob("*.json"))
    }
