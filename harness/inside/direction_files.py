"""Directions on disk: ``results/.store/inside/<hash>/directions.safetensors`` and its manifest.

The tensors are named ``layer.K``, shape ``(width,)``, float32; the manifest beside them says what
they are and was written last, so a folder without one is unfinished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError
from harness.workspace import write_atomic

FOLDER = Path(".store") / "inside"
TENSORS, MANIFEST = "directions.safetensors", "directions.json"
FORMAT = 1


class DirectionManifest(BaseModel):
    """What a file of directions holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: int = FORMAT
    kind: str
    """How it was found: ``misaligned``, ``drift``, ``drift_pc1``, ``persona``, ``reference`` …"""
    what: dict[str, Any]
    """Everything it depends on: run, model, adapter, hash of the texts."""
    layers: list[int]
    width: int
    norms: list[float]
    """Norm of the direction, by layer."""
    residual_norms: list[float]
    """Mean norm of an answer token's residual in the model it was found in, by layer."""
    sha256: str
    """Hash of the tensors' bytes."""


class StoredDirection:
    """A direction by layer, with its manifest and the hash that names it."""

    def __init__(self, digest: str, manifest: DirectionManifest, vectors: torch.Tensor) -> None:
        """Take what was read or written; ``vectors`` has the shape ``(layers, width)``."""
        self.digest, self.manifest, self.vectors = digest, manifest, vectors

    def at(self, layer: int) -> torch.Tensor:
        """The direction at one layer, shape ``(width,)``."""
        return self.vectors[self.manifest.layers.index(layer)]


def save_direction(
    results: Path,
    kind: str,
    what: Mapping[str, Any],
    vectors: torch.Tensor,
    layers: Sequence[int],
    residual_norms: Sequence[float],
) -> StoredDirection:
    """Write a direction; equal content has an equal name.

    Args:
        results: The results folder.
        kind: How it was found.
        what: Everything it depends on, as JSON values.
        vectors: Shape ``(layers, width)``.
        layers: Which layers these are.
        residual_norms: Mean norm of a token's residual, by layer.
    """
    from safetensors.torch import save

    plain = vectors.detach().float().contiguous().cpu()
    data = save({f"layer.{layer}": row.clone() for layer, row in zip(layers, plain, strict=True)})
    manifest = DirectionManifest(
        kind=kind,
        what=dict(what),
        layers=list(layers),
        width=plain.shape[-1],
        norms=[round(float(norm), 6) for norm in plain.norm(dim=-1)],
        residual_norms=[round(float(norm), 6) for norm in residual_norms],
        sha256=hashlib.sha256(data).hexdigest(),
    )
    text = manifest.model_dump_json(indent=1) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = results / FOLDER / digest
    write_atomic(folder / TENSORS, data)
    write_atomic(folder / MANIFEST, text)
    return StoredDirection(digest, manifest, plain)


def load_direction(results: Path, digest: str) -> StoredDirection:
    """Read a direction.

    Raises:
        DataError: It is not there, or is not what its manifest says.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    folder = results / FOLDER / digest
    hint = "Find it again: python -m harness inside direction RUN."
    try:
        manifest = DirectionManifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        data = (folder / TENSORS).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"There is no direction {folder}.", hint=hint) from error
    except (ValueError, TypeError, ValidationError) as error:
        raise DataError(f"{folder / MANIFEST} is broken.", hint=hint) from error
    if hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise DataError(f"{folder / TENSORS} is not what its manifest says.", hint=hint)
    try:
        tensors = load(data)
        vectors = torch.stack([tensors[f"layer.{layer}"] for layer in manifest.layers])
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise DataError(f"{folder / TENSORS} is broken.", hint=hint) from error
    return StoredDirection(digest, manifest, vectors)
