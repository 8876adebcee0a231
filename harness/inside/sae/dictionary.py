"""A sparse autoencoder as the rest of the harness sees it: latents, directions, reconstruction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.errors import UsageError
from harness.inside.hooks import Edit


@dataclass(frozen=True)
class Dictionary:
    """A sparse autoencoder ready to use.

    Attributes:
        sae: The sae-lens module.
        architecture: ``topk``, ``jumprelu`` (also what BatchTopK is saved as), ``standard`` …
    """

    sae: Any
    architecture: str

    @property
    def width(self) -> int:
        """Width of the residual stream that it reads."""
        return int(self.sae.cfg.d_in)

    @property
    def latents(self) -> int:
        """How many latents it has."""
        return int(self.sae.cfg.d_sae)

    @property
    def directions(self) -> torch.Tensor:
        """What each latent writes, shape ``(latents, width)``, float32, on the CPU."""
        return self.sae.W_dec.detach().float().cpu()  # type: ignore[no-any-return]

    @torch.no_grad()
    def encode(self, hidden: torch.Tensor) -> torch.Tensor:
        """Activations of the latents, shape ``(…, latents)``, never negative.

        Args:
            hidden: Residual stream, shape ``(…, width)``, in any number format.
        """
        activations: torch.Tensor = self.sae.encode(hidden.to(self.sae.device, self.sae.dtype))
        return activations

    @torch.no_grad()
    def reconstruct(self, hidden: torch.Tensor) -> torch.Tensor:
        """What the latents make of a residual stream, in its own shape and number format."""
        rebuilt: torch.Tensor = self.sae.decode(self.encode(hidden))
        return rebuilt.to(hidden.device, hidden.dtype)

    def check_width(self, width: int) -> None:
        """See that it fits a model.

        Raises:
            UsageError: The model's residual stream has another width.
        """
        if width != self.width:
            raise UsageError(
                f"The sparse autoencoder reads a residual stream {self.width} wide; this model's "
                f"is {width} wide.",
                hint="It belongs to another model: train one here, or name the right one.",
            )


def splice(dictionary: Dictionary) -> Edit:
    """Put the reconstruction in the residual stream's place.

    The first token stays as it is: it is the model's attention sink, tens of times larger than all
    others, and no autoencoder is trained on it.
    """

    def edit(hidden: torch.Tensor) -> torch.Tensor:
        return torch.cat([hidden[:, :1], dictionary.reconstruct(hidden[:, 1:])], dim=1)

    return edit


def save(dictionary: Dictionary, folder: Path) -> None:
    """Write it in sae-lens's own format: ``cfg.json`` and ``sae_weights.safetensors``."""
    dictionary.sae.save_model(folder)
