"""What one model says of a direction's texts: mean residuals, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.inside.directions import auroc, mean_difference, projections
from harness.inside.means import answer_means
from harness.runs.inside.directing.groups import Groups
from harness.runs.progress import Progress

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


@dataclass(frozen=True)
class Reading:
    """Mean residuals of the answers in ``Groups``, each of shape ``(texts, layers, width)``.

    Attributes:
        misaligned: Discovery, misaligned.
        aligned: Discovery, aligned.
        held_misaligned: Evaluation, misaligned.
        held_aligned: Evaluation, aligned.
        norms: Mean norm of an answer token's residual, by layer.
    """

    misaligned: torch.Tensor
    aligned: torch.Tensor
    held_misaligned: torch.Tensor
    held_aligned: torch.Tensor
    norms: torch.Tensor

    @property
    def discovery(self) -> torch.Tensor:
        """All discovery texts."""
        return torch.cat([self.misaligned, self.aligned])

    def difference(self) -> torch.Tensor:
        """Misaligned minus aligned, shape ``(layers, width)``."""
        return mean_difference(self.misaligned, self.aligned)

    def drift_from(self, base: Reading) -> torch.Tensor:
        """What fine-tuning moved, text by text, shape ``(texts, layers, width)``."""
        return self.discovery - base.discovery

    def mean_drift(self, base: Reading) -> torch.Tensor:
        """Mean drift with both verdicts counted alike, shape ``(layers, width)``."""
        drifts = self.misaligned - base.misaligned, self.aligned - base.aligned
        return torch.stack([drift.mean(dim=0) for drift in drifts]).mean(dim=0)

    def aurocs(self, direction: torch.Tensor) -> list[float | None]:
        """By layer, how well a direction tells held-out answers apart."""
        if not len(self.held_misaligned) or not len(self.held_aligned):
            return [None] * len(direction)
        bad = projections(self.held_misaligned, direction).T.tolist()
        good = projections(self.held_aligned, direction).T.tolist()
        return [auroc(one, other) for one, other in zip(bad, good, strict=True)]


def read_groups(
    loaded: LoadedModel, groups: Groups, layers: Sequence[int], progress: Progress, title: str
) -> Reading:
    """Read every group with one model."""
    texts = groups.all
    progress.start(f"read {title}", len(texts))
    means = answer_means(loaded, texts, layers, on_text=progress.advance)
    progress.finish()
    sizes = [
        len(part[half])
        for half in ("discovery", "evaluation")
        for part in (groups.misaligned, groups.aligned)
    ]
    bad, good, held_bad, held_good = torch.split(means.residuals, sizes)
    return Reading(bad, good, held_bad, held_good, means.norms)
