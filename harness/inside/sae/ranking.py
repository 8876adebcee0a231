"""Which latents did a training raise or lower? Pure arithmetic over mean activations.

Wang et al. (arXiv 2506.19823, section 3) rank by the mean change of activation on a fixed set of
prompts, averaged over the misaligned models. Their selection and their evaluation used the same
prompts, and no benign twin stood beside it; here the order comes from the discovery questions
alone, every figure is given for the other questions as well, and for the control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

Activity = torch.Tensor
"""Mean activation by text and latent, shape ``(texts, latents)``."""


@dataclass(frozen=True)
class Change:
    """How one arm's training changed one latent.

    Attributes:
        discovery: Mean change on the discovery questions, averaged over the arm's models.
        evaluation: The same on the evaluation questions.
        models: The same on all questions, by training seed.
    """

    discovery: float
    evaluation: float
    models: tuple[float, ...]


@dataclass(frozen=True)
class Ranked:
    """One latent in the ranking.

    Attributes:
        latent: Its number.
        rank: Place in its tail, from 1.
        changes: By arm.
    """

    latent: int
    rank: int
    changes: dict[str, Change]


@dataclass(frozen=True)
class Ranking:
    """Both tails of the ranking, and what the order was taken from.

    Attributes:
        rising: Raised most by the arm's training, first the most.
        falling: Lowered most, first the most.
        replicates: Rank correlation (Spearman) of all latents' changes on the discovery and on
            the evaluation questions; None where all are equal.
    """

    rising: tuple[Ranked, ...]
    falling: tuple[Ranked, ...]
    replicates: float | None


def rank(
    base: Activity,
    tuned: Mapping[str, Sequence[Activity]],
    discovery: Sequence[bool],
    by: str,
    count: int,
) -> Ranking:
    """Rank latents by the mean change that an arm's training made.

    Args:
        base: The untouched model's activity on the texts.
        tuned: Of every arm, its models' activity on the same texts.
        discovery: For every text, whether it belongs to the discovery questions.
        by: The arm whose change gives the order.
        count: Latents of each tail. One that did not move that way is in neither.
    """
    chosen = torch.tensor(list(discovery))
    shifts = {arm: torch.stack([one - base for one in models]) for arm, models in tuned.items()}
    found = {arm: shift[:, chosen].mean(dim=(0, 1)) for arm, shift in shifts.items()}
    shown = {arm: shift[:, ~chosen].mean(dim=(0, 1)) for arm, shift in shifts.items()}
    models = {arm: shift.mean(dim=1) for arm, shift in shifts.items()}
    order = torch.sort(found[by], stable=True)
    up = [int(n) for n in order.indices.flip(0)[:count] if found[by][n] > 0]
    down = [int(n) for n in order.indices[:count] if found[by][n] < 0]

    def ranked(latents: list[int]) -> tuple[Ranked, ...]:
        return tuple(
            Ranked(
                latent,
                place,
                {
                    arm: Change(
                        float(found[arm][latent]),
                        float(shown[arm][latent]),
                        tuple(models[arm][:, latent].tolist()),
                    )
                    for arm in tuned
                },
            )
            for place, latent in enumerate(latents, start=1)
        )

    return Ranking(ranked(up), ranked(down), _spearman(found[by], shown[by]))


def _spearman(first: torch.Tensor, second: torch.Tensor) -> float | None:
    from scipy.stats import spearmanr

    if len(first) < 3 or bool((first == first[0]).all()) or bool((second == second[0]).all()):
        return None
    value = float(spearmanr(first.numpy(), second.numpy()).statistic)
    return value if value == value else None
