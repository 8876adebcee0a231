"""Ready-made edits of the residual stream: add a direction, or take it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from harness.errors import UsageError
from harness.inside.hooks import Edit


def add(vector: torch.Tensor, strength: float = 1.0) -> Edit:
    """Steer: add ``strength * vector`` at every position.

    The vector is taken as it is; its norm is part of the dose.

    Args:
        vector: Direction, shape ``(width,)``, on any device and in any number format.
        strength: Factor; negative ones steer away.

    Raises:
        UsageError: The vector is no finite direction; on use, the model has another width.
    """
    fitted = _fitted(_direction(vector) * strength)
    return lambda hidden: hidden + fitted(hidden)


def remove(vector: torch.Tensor) -> Edit:
    """Ablate: project the direction out at every position, ``h - (h . u) u`` with unit ``u``.

    The product is taken in float32, so that short floats leave nothing of the direction behind
    but their own rounding.

    Args:
        vector: Direction, shape ``(width,)``; its norm does not matter.

    Raises:
        UsageError: The vector is no finite direction, or zero; on use, the model has another
            width.
    """
    return hold(vector, 0.0)


def hold(vector: torch.Tensor, value: float) -> Edit:
    """Ablate to a mean: hold the component along a direction at a value at every position.

    ``h + (value - h . u) u`` with unit ``u``; ``remove`` is the case of 0. Where ordinary text does
    not project to 0, removing a direction pushes every answer to one side, and holding it at the
    mean of ordinary answers does not (affine concept editing, Marshall et al. 2024,
    arXiv 2411.09003).

    Args:
        vector: Direction, shape ``(width,)``; its norm does not matter.
        value: Component along the unit vector, in the units of the residual stream.

    Raises:
        UsageError: The vector is no finite direction, or zero; on use, the model has another
            width.
    """
    direction = _direction(vector)
    norm = float(direction.norm())
    if norm == 0:
        raise UsageError("A direction of norm zero cannot be removed or held.")
    fitted = _fitted(direction / norm, torch.float32)

    def edit(hidden: torch.Tensor) -> torch.Tensor:
        unit, wide = fitted(hidden), hidden.float()
        return (wide + (value - wide @ unit).unsqueeze(-1) * unit).to(hidden.dtype)

    return edit


def in_turn(edits: Sequence[Edit]) -> Edit:
    """Several edits of one layer, one after the other."""

    def edit(hidden: torch.Tensor) -> torch.Tensor:
        for one in edits:
            hidden = one(hidden)
        return hidden

    return edit


def _direction(vector: torch.Tensor) -> torch.Tensor:
    direction = vector.detach().float()
    if direction.dim() != 1 or not bool(torch.isfinite(direction).all()):
        raise UsageError(
            f"A direction is one row of finite numbers; this has shape {tuple(vector.shape)}."
        )
    return direction


def _fitted(
    direction: torch.Tensor, dtype: torch.dtype | None = None
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The direction on the device and in the number format of a layer; moved there once."""
    ready: dict[tuple[torch.device, torch.dtype], torch.Tensor] = {}

    def fit(hidden: torch.Tensor) -> torch.Tensor:
        if hidden.shape[-1] != len(direction):
            raise UsageError(
                f"The direction is {len(direction)} wide, the model's residual stream "
                f"{hidden.shape[-1]}.",
                hint="A direction only fits models of the same family and size.",
            )
        key = hidden.device, dtype or hidden.dtype
        if key not in ready:
            ready[key] = direction.to(*key)
        return ready[key]

    return fit
