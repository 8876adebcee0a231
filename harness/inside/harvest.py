"""Harvesting the residual stream: many texts through one model, rows streamed to shards.

Memory is bounded by one batch and the texts of one shard, however many there are. A shard depends
on its own texts alone: whatever was finished before a kill is kept, and a damaged shard is made
anew by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.inside.collecting import pour
from harness.inside.hooks import check_layers, decoder_layers
from harness.inside.shard_writing import new_shard
from harness.inside.shards import (
    Harvest,
    Manifest,
    ShardRecord,
    file_sha256,
    read_note,
    reopened,
    write_manifest,
    write_note,
)
from harness.inside.texts import Position, Text, texts_hash

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

SHARD_BYTES = 128 * 2**20
"""Bytes of activations in a shard, about; at least one text."""
SHARD_TEXTS = 4096


@dataclass(frozen=True)
class Wanted:
    """What is taken from every text.

    Attributes:
        layers: Decoder layers, from 0.
        positions: Where in the text.
        shard_bytes: Bytes of activations in a shard, about.
        batch_tokens: Tokens of one batch; None takes what suits the device.
    """

    layers: tuple[int, ...]
    positions: tuple[Position, ...]
    shard_bytes: int = SHARD_BYTES
    batch_tokens: int | None = None


def harvest(
    loaded: LoadedModel,
    texts: Iterable[Text],
    folder: Path,
    wanted: Wanted,
    identity: Mapping[str, Any],
    on_text: Callable[[int], None] = lambda done: None,
) -> Harvest:
    """Keep the activations of texts in ``folder``, or go on where a killed call stopped.

    The caller holds the folder's lock.

    Args:
        loaded: The model.
        texts: What it reads, in a fixed order; consumed as a stream.
        folder: Where the shards go.
        wanted: Layers and positions.
        identity: What tells this harvest from any other; kept in the manifest.
        on_text: Told how many texts are done.

    Raises:
        UsageError: A layer does not exist.
        DataError: There are no texts, a shard is damaged, or the texts have changed.
        PrerequisiteError: The disk has no room.
    """
    finished = reopened(folder)
    if finished is not None:
        return finished
    depth = len(decoder_layers(loaded.model))
    check_layers(wanted.layers, depth)
    width = int(loaded.model.config.get_text_config().hidden_size)
    row_bytes = len(wanted.layers) * width * loaded.model.dtype.itemsize
    folder.mkdir(parents=True, exist_ok=True)
    shards: list[ShardRecord] = []
    done = tokens = 0
    seconds = 0.0
    for number, group in enumerate(_groups(texts, wanted, row_bytes)):
        path = folder / f"{number:05d}.safetensors"
        digest = texts_hash(group)
        record = read_note(path)
        if record is None:
            started = time.monotonic()
            record = _make(loaded, group, path, wanted, digest, done, on_text)
            seconds += time.monotonic() - started
        elif record.texts_sha256 != digest:
            raise DataError(
                f"The shard {path} was made from other texts: they have changed since.",
                hint=f"Delete {folder} and harvest again.",
            )
        shards.append(record)
        done += len(group)
        tokens += sum(len(text.ids) for text in group)
        on_text(done)
    if not shards:
        raise DataError("There are no texts to harvest.", hint="Give a corpus that is not empty.")
    manifest = Manifest(
        identity=dict(identity),
        layers=wanted.layers,
        positions=wanted.positions,
        depth=depth,
        width=width,
        dtype=str(loaded.model.dtype).removeprefix("torch."),
        texts=done,
        tokens=tokens,
        rows={p: sum(shard.rows[p] for shard in shards) for p in wanted.positions},
        shards=tuple(shards),
        seconds=round(seconds, 3),
    )
    write_manifest(folder, manifest)
    return Harvest(folder)


def _make(
    loaded: LoadedModel,
    group: list[Text],
    path: Path,
    wanted: Wanted,
    digest: str,
    done: int,
    on_text: Callable[[int], None],
) -> ShardRecord:
    with new_shard(path) as shard:
        pour(
            loaded,
            group,
            wanted.layers,
            wanted.positions,
            shard,
            first=done,
            batch_tokens=wanted.batch_tokens,
            on_text=lambda more: on_text(done + more),
        )
    record = ShardRecord(
        file=path.name,
        sha256=file_sha256(path),
        bytes=path.stat().st_size,
        texts=len(group),
        texts_sha256=digest,
        rows={p: sum(text.rows(p) for text in group) for p in wanted.positions},
    )
    write_note(path, record)
    return record


def _groups(texts: Iterable[Text], wanted: Wanted, row_bytes: int) -> Iterator[list[Text]]:
    """The texts of every shard, from a stream that may be endless."""
    group: list[Text] = []
    size = 0
    for text in texts:
        more = row_bytes * sum(text.rows(position) for position in wanted.positions)
        if group and (size + more > wanted.shard_bytes or len(group) == SHARD_TEXTS):
            yield group
            group, size = [], 0
        group.append(text)
        size += more
    if group:
        yield group
