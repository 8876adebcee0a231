"""What every monitor offers: learn if it can, then score what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.monitoring.view import View


@dataclass(frozen=True)
class Suspicion:
    """What a monitor says of one view.

    Attributes:
        score: Higher is more suspicious; None where it could not tell.
        reason: Why it could not.
        tokens: Tokens that a model read and wrote for it; 0 for a monitor without a model.
    """

    score: float | None
    reason: str | None = None
    tokens: int = 0


class Monitor(Protocol):
    """Scores views by suspicion."""

    @property
    def name(self) -> str:
        """As it stands in tables."""

    @property
    def gives_chances(self) -> bool:
        """Whether scores are meant as chances from 0 to 1, so that calibration makes sense."""

    @property
    def unseen(self) -> frozenset[str]:
        """Groups of records that it is not given to learn from."""

    def fit(self, views: Sequence[View], misbehaved: Sequence[bool]) -> str | None:
        """Learn from labelled views, if this monitor learns.

        Returns:
            Why it cannot be used after this, or None.
        """

    def score(self, views: Sequence[View]) -> list[Suspicion]:
        """Suspicion of each view."""
