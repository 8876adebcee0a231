"""A gate that a share must pass: reached, and by enough samples to mean it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.stats.intervals import wilson

SURE_ABOVE = 0.5
"""A share passes only if its Wilson interval (95 %) lies above this, too: a single success may
come from somebody who fails four times in five."""


@dataclass(frozen=True)
class Gate:
    """Successes held against the share that is asked for.

    Attributes:
        count: Successes.
        of: Trials.
        least: The share that is asked for.
    """

    count: int
    of: int
    least: float

    @property
    def reached(self) -> bool:
        """Whether the share as it stands is large enough."""
        return self.of > 0 and self.count >= self.least * self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %; all that is possible where nothing was tried."""
        return wilson(self.count, self.of) if self.of else (0.0, 1.0)

    @property
    def too_few(self) -> bool:
        """Whether the share is reached by so few trials that it may be chance."""
        return self.reached and self.interval[0] <= SURE_ABOVE

    @property
    def passed(self) -> bool:
        """Whether it is reached, and surely by more than half."""
        return self.reached and not self.too_few


def fewest() -> int:
    """Trials that pass a gate if every one succeeds."""
    return next(n for n in range(1, 1000) if Gate(n, n, 1.0).passed)
