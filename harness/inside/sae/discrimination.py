"""Do latents tell texts apart whose labels are known? Areas under the ROC curve, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

LEAST = 4
"""Texts with and without a label, in each half, below which nothing is told."""


@dataclass(frozen=True)
class Own:
    """The latent that tells one label best.

    Attributes:
        label: The label.
        latent: Chosen on the discovery texts by AUROC.
        discovery: Its AUROC there; the best of many, so too high.
        evaluation: Its AUROC on the other texts, which had no say.
        null: The same procedure with the labels dealt out anew, on the evaluation texts.
        texts: Evaluation texts with and without the label.
    """

    label: str
    latent: int
    discovery: float
    evaluation: float
    null: float
    texts: tuple[int, int]


def aurocs(activity: torch.Tensor, has: Sequence[bool]) -> torch.Tensor:
    """For each latent, the chance that a text with the label has the higher activation.

    Mann-Whitney's statistic over pairs, ties counting half. A latent that never fires gets 0.5.

    Args:
        activity: Shape ``(texts, latents)``.
        has: For every text, whether it has the label.

    Returns:
        Shape ``(latents,)``.
    """
    from scipy.stats import rankdata

    labelled = np.array(list(has), dtype=bool)
    positives, negatives = int(labelled.sum()), int((~labelled).sum())
    assert positives and negatives
    ranks = rankdata(activity.numpy(), axis=0)
    above = ranks[labelled].sum(axis=0) - positives * (positives + 1) / 2
    return torch.from_numpy(above / (positives * negatives))


def own_latents(
    activity: torch.Tensor, labels: Sequence[frozenset[str]], discovery: Sequence[bool], seed: int
) -> list[Own]:
    """For each label the latent that tells it best, chosen on one half and measured on the other.

    Labels with too few texts are left out.

    Args:
        activity: Mean activations, shape ``(texts, latents)``.
        labels: Labels of each text.
        discovery: Which texts choose.
        seed: Of the null's dealing.
    """
    first = torch.tensor(list(discovery))
    generator = np.random.default_rng(seed)
    found = []
    for label in sorted(set().union(*labels)):
        has = np.array([label in one for one in labels])
        dealt = generator.permutation(has)
        if not all(_enough(part, first.numpy()) for part in (has, dealt)):
            continue
        latent, told, shown = _choose(activity, has, first)
        others = has[~first.numpy()]
        found.append(
            Own(
                label=label,
                latent=latent,
                discovery=told,
                evaluation=shown,
                null=_choose(activity, dealt, first)[2],
                texts=(int(others.sum()), int((~others).sum())),
            )
        )
    return found


def by_label(
    activity: torch.Tensor, labels: Sequence[frozenset[str]], chosen: Sequence[bool]
) -> Mapping[str, torch.Tensor]:
    """AUROC of every latent for every label, on the chosen texts; labels with too few left out."""
    keep = torch.tensor(list(chosen))
    found = {}
    for label in sorted(set().union(*labels)):
        has = np.array([label in one for one in labels])[keep.numpy()]
        if min(has.sum(), (~has).sum()) >= LEAST:
            found[label] = aurocs(activity[keep], has.tolist())
    return found


def _choose(
    activity: torch.Tensor, has: np.ndarray, first: torch.Tensor
) -> tuple[int, float, float]:
    half = first.numpy()
    told = aurocs(activity[first], has[half].tolist())
    latent = int(told.argmax())
    shown = aurocs(activity[~first][:, [latent]], has[~half].tolist())
    return latent, float(told[latent]), float(shown[0])


def _enough(has: np.ndarray, half: np.ndarray) -> bool:
    parts = (has[half], has[~half])
    return all(min(part.sum(), (~part).sum()) >= LEAST for part in parts)
