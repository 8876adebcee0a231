"""Checkpoints that can be trusted: a seal with the hash of every file is written last.

The trainer writes a checkpoint file by file, so a killed process leaves a torn one behind. Only a
checkpoint whose seal matches its files and the run's inputs is resumed from; others are removed.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from harness.training.record import file_sha256
from harness.workspace import write_atomic

SEAL = "seal.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(checkpoint: Path, inputs: str) -> None:
    """Mark a checkpoint that has been written in full.

    Args:
        checkpoint: The folder the trainer has just finished writing.
        inputs: The inputs hash of the training it belongs to.
    """
    content = {"inputs_hash": inputs, "files": _hashes(checkpoint)}
    write_atomic(checkpoint / SEAL, json.dumps(content, indent=2, sort_keys=True) + "\n")


def newest_complete(folder: Path, inputs: str) -> Path | None:
    """The newest sealed checkpoint of this training; torn and foreign ones newer than it go.

    Args:
        folder: The folder of checkpoints, which need not exist.
        inputs: The inputs hash that the seal must carry.
    """
    found = [path for path in folder.glob("checkpoint-*") if _NAME.fullmatch(path.name)]
    for path in sorted(found, key=step_of, reverse=True):
        if _is_intact(path, inputs):
            return path
        shutil.rmtree(path)
    return None


def step_of(checkpoint: Path) -> int:
    """The optimiser step in a checkpoint's folder name."""
    return int(checkpoint.name.rpartition("-")[2])


def _is_intact(checkpoint: Path, inputs: str) -> bool:
    try:
        content: Any = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(content == {"inputs_hash": inputs, "files": _hashes(checkpoint)})


def _hashes(checkpoint: Path) -> dict[str, str]:
    files = sorted(p for p in checkpoint.rglob("*") if p.is_file() and p.name != SEAL)
    return {path.relative_to(checkpoint).as_posix(): file_sha256(path) for path in files}
