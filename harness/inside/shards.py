"""Harvested activations on disk: safetensors shards, and a manifest that is written last.

::

    <folder>/00000.safetensors …   tensors of some texts
    <folder>/manifest.json         what they are; its presence means "complete"

A shard holds, for every position ``P`` and layer ``K``, ``P.layer.K`` of shape ``(rows, width)``,
and beside it for each row ``P.text`` (number of its text in the harvest), ``P.token`` (place in
the text) and ``P.id`` (token id; -1 for a mean). Other tools open it with plain safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError, UsageError
from harness.inside.texts import Position
from harness.workspace import write_atomic

if TYPE_CHECKING:
    import torch

MANIFEST = "manifest.json"
VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ShardRecord(_Record):
    """One file."""

    file: str
    sha256: str
    bytes: int
    texts: int
    texts_sha256: str
    """Hash of the token ids it was made from."""
    rows: dict[Position, int]


class Manifest(_Record):
    """What a harvest holds."""

    schema_version: int = VERSION
    identity: dict[str, Any]
    """What tells this harvest from any other: model, adapter, texts, layers, positions."""
    layers: tuple[int, ...]
    positions: tuple[Position, ...]
    depth: int
    """Decoder layers of the model."""
    width: int
    """Width of its residual stream."""
    dtype: str
    """Number format of the rows; means are float32."""
    texts: int
    tokens: int
    """Tokens that went through the model."""
    rows: dict[Position, int]
    shards: tuple[ShardRecord, ...]
    seconds: float
    """Wall time of the model's passes, of the calls that did the work."""


class Harvest:
    """A finished harvest; tensors are read shard by shard, each checked once against its hash."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            DataError: It is not finished, or its manifest is damaged.
        """
        self.folder = folder
        try:
            self.manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except FileNotFoundError as error:
            raise DataError(
                f"There is no finished harvest in {folder}.", hint="Run 'inside harvest' first."
            ) from error
        except ValidationError as error:
            raise DataError(
                f"{folder / MANIFEST} is damaged.", hint=f"Delete {folder} and harvest again."
            ) from error
        self._checked: set[str] = set()

    def shards(self, position: Position, layer: int) -> Iterator[torch.Tensor]:
        """Rows of one layer, shard after shard: shape ``(rows, width)``.

        Raises:
            UsageError: The layer or position was not harvested.
            DataError: A shard is damaged.
        """
        self._check(position, layer)
        return self._each(f"{position}.layer.{layer}")

    def rows(self, position: Position, layer: int) -> torch.Tensor:
        """The same in one piece; mind the memory where every token has a row.

        Raises:
            UsageError: The layer or position was not harvested.
            DataError: A shard is damaged.
        """
        import torch

        return torch.cat(list(self.shards(position, layer)))

    def places(self, position: Position) -> dict[str, torch.Tensor]:
        """For every row its ``text``, ``token`` and ``id``, each of shape ``(rows,)``.

        Raises:
            UsageError: The position was not harvested.
            DataError: A shard is damaged.
        """
        import torch

        self._check(position, self.manifest.layers[0])
        return {
            name: torch.cat(list(self._each(f"{position}.{name}")))
            for name in ("text", "token", "id")
        }

    def _each(self, name: str) -> Iterator[torch.Tensor]:
        for shard in self.manifest.shards:
            path = self.folder / shard.file
            if shard.file not in self._checked:
                if file_sha256(path) != shard.sha256:
                    raise damaged(path, "its content is not what the manifest says")
                self._checked.add(shard.file)
            yield read_tensor(path, name)

    def _check(self, position: Position, layer: int) -> None:
        has = self.manifest
        if layer not in has.layers or position not in has.positions:
            raise UsageError(
                f"Layer {layer} at position '{position}' was not harvested.",
                hint=f"Here are layers {', '.join(map(str, has.layers))} at "
                f"{', '.join(has.positions)}; harvest again with --layers and --positions.",
            )


def read_note(path: Path) -> ShardRecord | None:
    """What an unfinished harvest noted of a shard; None if it did not finish the shard.

    Raises:
        DataError: The shard is not what was noted.
    """
    try:
        record = ShardRecord.model_validate_json(_note(path).read_bytes())
    except (OSError, ValidationError):
        return None
    if file_sha256(path) != record.sha256:
        raise damaged(path, "its content is not what was written")
    return record


def reopened(folder: Path) -> Harvest | None:
    """The finished harvest of a folder; None if there is none or one of its shards is gone.

    In the latter case the others are noted, so that only the missing one is made anew.

    Raises:
        DataError: The manifest is damaged.
    """
    if not (folder / MANIFEST).is_file():
        return None
    found = Harvest(folder)
    shards = found.manifest.shards
    here = [shard for shard in shards if (folder / shard.file).is_file()]
    if len(here) == len(shards):
        return found
    for shard in here:
        write_note(folder / shard.file, shard)
    (folder / MANIFEST).unlink()
    return None


def write_note(path: Path, record: ShardRecord) -> None:
    """Note that a shard is finished, so that a killed harvest goes on behind it."""
    write_atomic(_note(path), record.model_dump_json() + "\n")


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def read_tensor(path: Path, name: str) -> torch.Tensor:
    """One tensor of a shard.

    Raises:
        DataError: The file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as handle:
            tensor: torch.Tensor = handle.get_tensor(name)
            return tensor
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(path, str(error)) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, which takes the place of the shards' notes: the harvest is complete."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_atomic(folder / MANIFEST, text + "\n")
    for shard in manifest.shards:
        _note(folder / shard.file).unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a shard.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error


def damaged(path: Path, why: str) -> DataError:
    """The error of a shard that cannot be used."""
    return DataError(
        f"The shard {path} is damaged: {why}.",
        hint="Delete this one file and run 'inside harvest' again: only it is made anew.",
    )
