"""The record of one finished training and the identity of its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.data.rows import Row
from harness.errors import TrainError
from harness.models.reference import ModelReference
from harness.training.mask_audit import MaskAudit
from harness.training.recipe import Recipe
from harness.workspace import write_atomic

RECORD_FILE = "training.json"
ADAPTER_FOLDER = "adapter"
WEIGHTS_FILE = "adapter_model.safetensors"
HASHED_IN_FULL = 512 * 2**20
"""Local weight files up to this many bytes are hashed; larger ones count by size and time."""


class TrainingRecord(BaseModel):
    """What ``training.json`` holds; it is written last, so its presence means "finished"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs_hash: str
    """Identity of model, rows, recipe and seed."""
    base_model: str
    """Hub id, folder, or name of the embedded model."""
    revision: str | None
    """Hub revision of the base model, if one was pinned."""
    recipe: Recipe
    seed: int
    rows: int
    """Rows trained on."""
    held_out_rows: int
    steps: int
    """Optimiser steps."""
    losses: list[float]
    """Training loss of every optimiser step, in nats per trained token."""
    held_out_loss: float | None
    """Loss on the held-out rows after training; None if none were held out."""
    tokens: int
    """Tokens processed, prompts included, padding not."""
    audit: MaskAudit
    adapter_sha256: str
    device: str
    dtype: str
    """Number format the base model was really held in."""
    batch_size: int | None = None
    """Rows in one forward pass; below the recipe's where the memory ran out. None in older
    records."""
    seconds: float
    """Wall time of the call that finished the training."""
    resumed_from: int | None
    """Step of the checkpoint that this call started from."""
    versions: dict[str, str]


@dataclass(frozen=True)
class TrainingResult:
    """A trained adapter.

    Attributes:
        adapter: Folder with ``adapter_model.safetensors`` and ``adapter_config.json``.
        record: What was trained and how it went.
        reused: Whether the training had already been finished by an earlier call.
    """

    adapter: Path
    record: TrainingRecord
    reused: bool


def base_model_name(reference: ModelReference) -> str:
    """The base model's name for files that travel; no path of this machine for the miniature."""
    if reference.kind == "miniature":
        return reference.name
    return "miniature" if reference.is_miniature else reference.source


def inputs_hash(reference: ModelReference, rows: Sequence[Row], recipe: Recipe, seed: int) -> str:
    """SHA-256 over everything that decides the adapter's weights, apart from library versions."""
    digest = hashlib.sha256()
    head = {
        "base": base_model_name(reference),
        "revision": reference.revision,
        "weights": _weights_identity(Path(reference.source)),
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
    }
    digest.update(_canonical(head))
    for row in rows:
        digest.update(_canonical(row.model_dump(mode="json", include={"prompt", "completion"})))
    return digest.hexdigest()


def read_finished(out: Path, expected: str) -> TrainingRecord | None:
    """The record of a finished training with these inputs whose adapter is intact, else None.

    Raises:
        TrainError: The folder holds a training with other inputs, or a broken record.
    """
    path = out / RECORD_FILE
    if not path.is_file():
        return None
    try:
        record = TrainingRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise TrainError(
            f"{path} is not a training record of this version.",
            hint=f"Delete {out} to train again.",
        ) from error
    if record.inputs_hash != expected:
        raise TrainError(
            f"{out} holds a training with other rows, recipe, seed or base model.",
            hint="Choose another folder, or delete this one.",
        )
    weights = out / ADAPTER_FOLDER / WEIGHTS_FILE
    intact = weights.is_file() and file_sha256(weights) == record.adapter_sha256
    return record if intact else None


def write_record(out: Path, record: TrainingRecord) -> None:
    """Write ``training.json``."""
    write_atomic(out / RECORD_FILE, record.model_dump_json(indent=2) + "\n")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _weights_identity(folder: Path) -> list[list[str | int]]:
    """Names and contents of a local model's files; empty for a hub model."""
    if not folder.is_dir():
        return []
    files = [p for p in sorted(folder.iterdir()) if p.suffix in {".safetensors", ".json", ".jinja"}]
    return [[path.name, _file_identity(path)] for path in files]


def _file_identity(path: Path) -> str:
    status = path.stat()
    if status.st_size <= HASHED_IN_FULL:
        return file_sha256(path)
    return f"{status.st_size}:{status.st_mtime_ns}"


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode() + b"\n"
