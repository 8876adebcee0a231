"""What a screen steers with: a latent, a null that resembles it, or a direction for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import UsageError

if TYPE_CHECKING:
    import torch

Kind = Literal[
    "latent",
    "direction",
    "control latent",
    "control direction",
    "matched latent",
    "random direction",
]
"""``latent``: top of the ranking by bad training. ``direction``: of the bad training, set beside
the latents. ``control latent``, ``control direction``: the same of the control's training.
``matched latent``: a null that fires as often as a top latent. ``random direction``: a null drawn
from nowhere."""
NULLS: tuple[Kind, ...] = ("matched latent", "random direction")


@dataclass(frozen=True)
class Candidate:
    """One direction to test.

    Attributes:
        name: ``latent 812``, ``random 3``, ``mean difference``.
        kind: What it is for.
        vector: Unit direction, shape ``(width,)``, float32.
        sign: 1 if bad training raises it, -1 if bad training lowers it: inducing pushes this way
            and repairing the other way.
        own_unit: What a strength of one of its own units adds, as a norm: the latent's largest
            activation on the corpus, or the norm of the direction; None where it has none.
        latent: Number of the latent, None for a direction.
        like: The latent that a matched null resembles.
    """

    name: str
    kind: Kind
    vector: torch.Tensor
    sign: Literal[1, -1] = 1
    own_unit: float | None = None
    latent: int | None = None
    like: int | None = None

    @property
    def digest(self) -> str:
        """What tells its direction from any other's, to store answers under."""
        from harness.runs.spec import content_hash

        return content_hash([round(value, 6) for value in self.vector.tolist()])[:16]


def unit(vector: torch.Tensor) -> torch.Tensor:
    """The direction with norm one.

    Raises:
        UsageError: It has none.
    """
    plain = vector.detach().float().cpu()
    norm = float(plain.norm())
    if not 0 < norm < float("inf"):
        raise UsageError("A direction of norm zero cannot be steered along.")
    return plain / norm


def random_directions(width: int, count: int, seed: int) -> list[Candidate]:
    """Null directions, uniform on the sphere.

    Args:
        width: Width of the residual stream.
        count: How many.
        seed: Seed of the draw.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, width, generator=generator)
    return [
        Candidate(f"random {place}", "random direction", unit(row))
        for place, row in enumerate(drawn, start=1)
    ]
