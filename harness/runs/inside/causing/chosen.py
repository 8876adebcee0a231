"""The directions of a run as the tests for cause take them, with their nulls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from harness.inside.direction_files import StoredDirection, load_direction
from harness.inside.directions import random_like
from harness.models.identity import layer_count
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.subjects import Subjects


@dataclass(frozen=True)
class Directions:
    """Vectors of a run, by kind and training seed.

    Attributes:
        layers: Layers of the vectors.
        depth: Layers of the model.
        base_mean: Base model's mean residual on aligned answers, shape ``(layers, width)``.
        residual_norms: Mean norm of an answer token's residual in the base model, by layer.
    """

    layers: tuple[int, ...]
    depth: int
    base_mean: torch.Tensor
    residual_norms: torch.Tensor
    _vectors: dict[str, torch.Tensor]

    def place(self, at: Sequence[int]) -> str:
        """Where an edit is made, in words: ``every layer`` of the model, or which."""
        if len(at) == 1:
            return f"layer {at[0]}"
        return "every layer" if len(at) == self.depth else f"layers {', '.join(map(str, at))}"

    def of(self, kind: str, seed: int | None) -> torch.Tensor | None:
        """Vectors of one model, shape ``(layers, width)``; None if there are none."""
        return self._vectors.get(kind if seed is None else f"{kind}.{seed}")

    def mean(self, kind: str) -> torch.Tensor | None:
        """Mean over the training seeds, or the base model's own."""
        found = [v for name, v in self._vectors.items() if name.partition(".")[0] == kind]
        return torch.stack(found).mean(dim=0) if found else None

    def random(self, like: torch.Tensor, draw: int) -> torch.Tensor:
        """A random direction of the same norm at every layer."""
        return random_like(like, 1000 + draw)

    def null(self, kind: str, like: torch.Tensor, seed: int | None) -> torch.Tensor | None:
        """A direction that means nothing, as long as ``like`` at every layer.

        Args:
            kind: ``shuffled``, of one training seed; ``control_drift``, always the seeds' mean.
            like: The direction it is held against, shape ``(layers, width)``.
            seed: Training seed of the edited model; None takes the seeds' mean.
        """
        own = self.of(kind, seed) if seed is not None else None
        found = own if own is not None else self.mean(kind)
        if found is None:
            return None
        unit = found / found.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        scaled: torch.Tensor = unit * like.norm(dim=-1, keepdim=True)
        return scaled


def stored_directions(subjects: Subjects, record: DirectionRecord) -> Directions:
    """Read the vectors that a record names.

    Raises:
        DataError: They are not on this machine.
    """
    results = subjects.store.results
    found: dict[str, StoredDirection] = {
        one.name: load_direction(results, one.digest) for one in record.directions
    }
    return Directions(
        layers=record.layers,
        depth=layer_count(subjects.base.reference) or len(record.layers),
        base_mean=load_direction(results, record.base_mean).vectors,
        residual_norms=torch.tensor(record.residual_norms),
        _vectors={name: stored.vectors for name, stored in found.items()},
    )
