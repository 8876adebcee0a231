"""How often and how strongly each latent fires in the base model: kept beside the autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.workspace import write_atomic

if TYPE_CHECKING:
    import torch

    from harness.inside.sae.quality import Rendering

FILE = "statistics.safetensors"


@dataclass(frozen=True)
class Statistics:
    """Figures of all latents on held-out texts of the corpus, base model.

    Attributes:
        firing: Share of the tokens at which each latent fires, shape ``(latents,)``.
        largest: Largest activation of each latent, shape ``(latents,)``.
        residual_norm: Mean norm of the residual stream.
    """

    firing: torch.Tensor
    largest: torch.Tensor
    residual_norm: float


def write_statistics(folder: Path, seen: Rendering) -> None:
    """Keep them beside the autoencoder."""
    import torch
    from safetensors.torch import save

    tensors = {
        "firing": seen.firing.float().contiguous(),
        "largest": seen.largest.float().contiguous(),
        "residual_norm": torch.tensor([seen.residual_norm]),
    }
    write_atomic(folder / FILE, save(tensors))


def read_statistics(folder: Path) -> Statistics:
    """Read them.

    Raises:
        DataError: They are not there, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load((folder / FILE).read_bytes())
        norm = float(tensors["residual_norm"][0])
        return Statistics(tensors["firing"], tensors["largest"], norm)
    except (OSError, SafetensorError, KeyError) as error:
        raise DataError(
            f"{folder / FILE} is missing or damaged.", hint="Run 'inside sae' again."
        ) from error
