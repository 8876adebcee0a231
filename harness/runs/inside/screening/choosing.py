"""Which directions a screen tests: the ranking's ends, the control's, and nulls that match them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.runs.inside.screening.candidate import Candidate, Kind, random_directions, unit

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Latents:
    """What is known of a dictionary's latents.

    Attributes:
        directions: What each writes, shape ``(latents, width)``.
        firing: Share of tokens at which each fires, shape ``(latents,)``.
        largest: Largest activation of each, shape ``(latents,)``.
        rising: Ranked by bad training, most raised first.
        falling: Likewise, most lowered first.
        control: Ranked by the control's training, most raised first.
    """

    directions: torch.Tensor
    firing: torch.Tensor
    largest: torch.Tensor
    rising: Sequence[int]
    falling: Sequence[int]
    control: Sequence[int]


@dataclass(frozen=True)
class Numbers:
    """How many of each are tested.

    Attributes:
        rising: Latents that bad training raised most.
        falling: Latents that it lowered most.
        control: Latents that the control's training raised most, those above left out.
        matched: Nulls that fire as often as a tested latent.
        random: Null directions.
        seed: Seed of the null directions.
    """

    rising: int = 8
    falling: int = 2
    control: int = 3
    matched: int = 3
    random: int = 3
    seed: int = 0


def choose(latents: Latents, numbers: Numbers) -> list[Candidate]:
    """The candidates, those that matter first.

    A latent that never fires, or writes nothing, is passed over.
    """
    rising = _able(latents, latents.rising)[: numbers.rising]
    falling = [n for n in _able(latents, latents.falling) if n not in rising][: numbers.falling]
    tested = [*rising, *falling]
    control = [n for n in _able(latents, latents.control) if n not in tested][: numbers.control]
    found = [_latent(latents, n, "latent", 1) for n in rising]
    found += [_latent(latents, n, "latent", -1) for n in falling]
    found += [_latent(latents, n, "control latent", 1) for n in control]
    found += _matched(latents, tested, numbers.matched)
    width = int(latents.directions.shape[1])
    return [*found, *random_directions(width, numbers.random, numbers.seed)]


def _able(latents: Latents, chosen: Sequence[int]) -> list[int]:
    return [
        n
        for n in chosen
        if float(latents.firing[n]) > 0 and float(latents.directions[n].norm()) > 0
    ]


def _latent(
    latents: Latents, number: int, kind: Kind, sign: Literal[1, -1], like: int | None = None
) -> Candidate:
    direction = latents.directions[number]
    return Candidate(
        name=f"latent {number}",
        kind=kind,
        vector=unit(direction),
        sign=sign,
        # An activation adds so many decoder rows, whose norm need not be one.
        own_unit=float(latents.largest[number]) * float(direction.norm()) or None,
        latent=number,
        like=like,
    )


def _matched(latents: Latents, tested: Sequence[int], count: int) -> list[Candidate]:
    """Latents outside every ranking, each firing as often as a tested one as can be."""
    taken = {*latents.rising, *latents.falling, *latents.control, *tested}
    free = [n for n in _able(latents, range(len(latents.firing))) if n not in taken]
    found = []
    for like in tested[:count]:
        if not free:
            break
        wanted = float(latents.firing[like])
        nearest = min(free, key=lambda n: (abs(float(latents.firing[n]) - wanted), n))
        free.remove(nearest)
        found.append(_latent(latents, nearest, "matched latent", 1, like))
    return found
