"""Several monitors as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.monitoring.monitor import Suspicion

How = Literal["max", "mean"]


@dataclass(frozen=True)
class Ensemble:
    """Combines the ranks that members give among reference scores.

    Scores of different monitors have different units; what they share is how unusual a score is
    among the samples a threshold is set on. That share is combined.

    Attributes:
        how: ``max`` fires when any member does, ``mean`` weighs them alike.
        members: Names of the monitors.
    """

    how: How
    members: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it stands in tables."""
        return f"{self.how}({', '.join(self.members)})"

    def combine(
        self, scores: Sequence[Sequence[Suspicion]], reference: Sequence[Sequence[Suspicion]]
    ) -> list[Suspicion]:
        """Combined suspicion, from 0 to 1.

        Args:
            scores: For each member, its suspicion of each sample.
            reference: For each member, its suspicion of the samples that ranks are taken among.
        """
        ranks = [_ranks(mine, among) for mine, among in zip(scores, reference, strict=True)]
        together = max if self.how == "max" else _mean
        found: list[Suspicion] = []
        for row in zip(*ranks, strict=True):
            known = [rank for rank in row if rank is not None]
            if len(known) < len(row):
                found.append(Suspicion(None, "a member could not tell"))
            else:
                found.append(Suspicion(together(known)))
        return found


def _ranks(scores: Sequence[Suspicion], among: Sequence[Suspicion]) -> list[float | None]:
    """Share of the reference below each score, ties counting half; above all of it, by how much.

    Without the last part every score above the reference would be tied.
    """
    known = np.sort(np.array([one.score for one in among if one.score is not None], dtype=float))
    if not len(known):
        return [None] * len(scores)
    found: list[float | None] = []
    top = float(known[-1])
    for one in scores:
        if one.score is None:
            found.append(None)
            continue
        below = np.searchsorted(known, one.score, "left") + np.searchsorted(
            known, one.score, "right"
        )
        beyond = max(0.0, one.score - top)
        found.append(float(below) / 2 / len(known) + beyond / (1 + beyond))
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
