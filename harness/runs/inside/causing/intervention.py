"""What is done to a model's residual stream while it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from harness.inside.edits import add, hold, remove
from harness.inside.hooks import Edit

How = Literal["remove", "hold", "add"]
"""``remove``: project the direction out. ``hold``: hold the component along it at the base model's
mean, so that what ordinary answers have of it stays. ``add``: add a multiple of it."""


@dataclass(frozen=True)
class Intervention:
    """One edit of one or several layers.

    Attributes:
        how: What is done.
        vectors: Layer to direction, shape ``(width,)``.
        strength: Multiple of the direction that is added; unused otherwise.
        values: Layer to the component along the unit direction that is held; unused otherwise.
    """

    how: How
    vectors: Mapping[int, torch.Tensor]
    strength: float = 1.0
    values: Mapping[int, float] = field(default_factory=dict)

    def edits(self) -> dict[int, Edit]:
        """The edit of every layer."""
        if self.how == "add":
            return {k: add(vector, self.strength) for k, vector in self.vectors.items()}
        if self.how == "remove":
            return {k: remove(vector) for k, vector in self.vectors.items()}
        return {k: hold(vector, self.values[k]) for k, vector in self.vectors.items()}

    def identity(self) -> dict[str, Any]:
        """What tells it from any other."""
        digest = hashlib.sha256()
        for layer, vector in sorted(self.vectors.items()):
            digest.update(f"{layer}:".encode())
            digest.update(vector.detach().float().contiguous().numpy().tobytes())
        found: dict[str, Any] = {"how": self.how, "vectors": digest.hexdigest()}
        if self.how == "add":
            found["strength"] = round(self.strength, 6)
        if self.how == "hold":
            found["values"] = {str(k): round(v, 5) for k, v in sorted(self.values.items())}
        return found


def at_layers(
    how: How,
    vectors: torch.Tensor,
    layers: Sequence[int],
    at: Sequence[int],
    *,
    strength: float = 1.0,
    means: torch.Tensor | None = None,
) -> Intervention:
    """An edit of some of a direction's layers.

    Args:
        how: What is done.
        vectors: The direction, shape ``(layers, width)``.
        layers: Which layers these are.
        at: Layers to edit.
        strength: See ``Intervention``.
        means: Mean residuals whose component is held, shape ``(layers, width)``; for ``hold``.
    """
    chosen = {layer: vectors[list(layers).index(layer)] for layer in at}
    values = {}
    if how == "hold":
        assert means is not None  # there is something to hold it at
        for layer, vector in chosen.items():
            norm = float(vector.norm())
            values[layer] = float(means[list(layers).index(layer)] @ vector) / norm if norm else 0.0
    return Intervention(how, chosen, strength, values)
