"""Writing a shard: rows go to their places in the file as they come.

Nothing of a shard is kept in memory. Besides needing less of it, that is faster: filling fresh
memory first, only to copy it to a file, costs a small model a fifth of its speed.

The layout is that of safetensors: eight bytes with the length of the header, the header (JSON), and
the tensors one behind the other. safetensors itself writes tensors that are complete.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch

from harness.errors import PrerequisiteError

MINIMUM_FREE = 100 * 2**20
"""Bytes that a shard leaves free on the disk."""
_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
}


@dataclass(frozen=True)
class Shape:
    """A tensor that is to be filled.

    Attributes:
        size: Its shape; the first is rows.
        dtype: Its number format.
    """

    size: tuple[int, ...]
    dtype: torch.dtype

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(torch.Size(self.size[1:]).numel()) * self.dtype.itemsize

    @property
    def bytes(self) -> int:
        """Bytes of all rows."""
        return self.size[0] * self.row_bytes


class ShardWriter:
    """A shard under a temporary name. See ``new_shard``."""

    def __init__(self, path: Path, handle: BinaryIO) -> None:
        """Nothing is written yet."""
        self._path, self._handle = path, handle
        self._shapes: Mapping[str, Shape] = {}
        self._begins: dict[str, int] = {}

    def begin(self, shapes: Mapping[str, Shape]) -> None:
        """Say what the shard holds, once, before the first row.

        Raises:
            PrerequisiteError: The disk has no room for it.
        """
        _check_room(self._path, sum(shape.bytes for shape in shapes.values()))
        # Wider numbers first, so that every tensor is aligned.
        order = sorted(shapes, key=lambda name: (-shapes[name].dtype.itemsize, name))
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        at = 0
        for name in order:
            shape = shapes[name]
            header[name] = {
                "dtype": _NAMES[shape.dtype],
                "shape": shape.size,
                "data_offsets": (at, at + shape.bytes),
            }
            self._begins[name] = at
            at += shape.bytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        self._shapes = shapes
        self._begins = {name: 8 + len(text) + begin for name, begin in self._begins.items()}
        self._handle.write(len(text).to_bytes(8, "little") + text)

    def put(self, name: str, first: int, rows: torch.Tensor) -> None:
        """Write rows to their place in a tensor.

        Args:
            name: The tensor.
            first: Place of the first row.
            rows: On the CPU, in the tensor's number format.
        """
        assert rows.dtype == self._shapes[name].dtype
        self._handle.seek(self._begins[name] + first * self._shapes[name].row_bytes)
        self._handle.write(rows.contiguous().view(torch.uint8).numpy().data)


@contextmanager
def new_shard(path: Path) -> Iterator[ShardWriter]:
    """Write a shard under a temporary name and rename it: it is complete or absent.

    Raises:
        PrerequisiteError: The disk has no room for it, or cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            yield ShardWriter(path, handle)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise PrerequisiteError(
            f"The shard {path} cannot be written: {error.strerror or error}.",
            hint="Free some space and run it again: what is finished is kept.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _check_room(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < size + MINIMUM_FREE:
        raise PrerequisiteError(
            f"Only {free // 2**20} MiB are free at {path.parent}; the next shard needs "
            f"{size // 2**20} MiB and leaves {MINIMUM_FREE // 2**20} free.",
            hint="Free some space and run it again: what is finished is kept. Fewer --layers or "
            "a mean in place of every token need less.",
        )
