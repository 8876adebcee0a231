"""Harvested rows in shuffled batches: one shard in memory at a time, and the same order again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from harness.inside.shards import Harvest, damaged, file_sha256, read_tensor
from harness.inside.texts import Position


class Shards(Protocol):
    """Rows in pieces, each read when it is asked for."""

    @property
    def sizes(self) -> Sequence[int]:
        """Rows of every piece."""

    def read(self, number: int) -> torch.Tensor:
        """One piece, shape ``(rows, width)``."""


@dataclass(frozen=True)
class InMemory:
    """Rows that are there already, in one piece."""

    rows: torch.Tensor

    @property
    def sizes(self) -> Sequence[int]:
        """Rows of the only piece."""
        return (len(self.rows),)

    def read(self, number: int) -> torch.Tensor:
        """The rows."""
        return self.rows


@dataclass(frozen=True)
class HarvestedRows:
    """One layer of a finished harvest; every shard is checked against its hash once.

    Attributes:
        harvest: The harvest.
        position: Where in the texts.
        layer: Which layer.
    """

    harvest: Harvest
    position: Position
    layer: int
    _checked: set[int] = field(default_factory=set, repr=False)

    @property
    def sizes(self) -> Sequence[int]:
        """Rows of every shard."""
        return [shard.rows[self.position] for shard in self.harvest.manifest.shards]

    def read(self, number: int) -> torch.Tensor:
        """One shard.

        Raises:
            DataError: It is damaged.
        """
        shard = self.harvest.manifest.shards[number]
        path = self.harvest.folder / shard.file
        if number not in self._checked:
            if file_sha256(path) != shard.sha256:
                raise damaged(path, "its content is not what the manifest says")
            self._checked.add(number)
        return read_tensor(path, f"{self.position}.layer.{self.layer}")


def shuffled_batches(
    shards: Shards, batch: int, seed: int, skip: int = 0
) -> Iterator[torch.Tensor]:
    """Endless batches of ``batch`` rows: every epoch in a new order of pieces, and of rows in each.

    Args:
        shards: What is read.
        batch: Rows of a batch.
        seed: Of the order.
        skip: Batches that an earlier call has already taken; they cost nothing to skip but the
            reading of the pieces they end in.

    Yields:
        Rows, shape ``(batch, width)``, float32.
    """
    left = skip * batch
    kept: list[torch.Tensor] = []
    count = epoch = 0
    while True:
        order = torch.randperm(len(shards.sizes), generator=_generator(seed, epoch, -1)).tolist()
        for number in order:
            size = shards.sizes[number]
            if left >= size:
                left -= size
                continue
            places = torch.randperm(size, generator=_generator(seed, epoch, number))[left:]
            left = 0
            rows = shards.read(number)[places].float()
            start = 0
            while count + len(rows) - start >= batch:
                end = start + batch - count
                yield torch.cat([*kept, rows[start:end]]) if kept else rows[start:end]
                kept, count, start = [], 0, end
            if start < len(rows):
                kept.append(rows[start:])
                count += len(rows) - start
        epoch += 1


def _generator(seed: int, epoch: int, shard: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 1_000_003 + epoch) * 1_000_003 + shard + 1)
