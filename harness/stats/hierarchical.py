"""Bootstrap weights for samples inside instances: first the instances are drawn, then samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import UsageError
from harness.stats.counts import Floats

Statistic = Callable[[Floats], Floats]
"""From weights, shape ``[draws, samples]``, to one figure per draw; NaN where there is none."""


@dataclass(frozen=True)
class Drawn:
    """A figure with its bootstrap draws, so that differences can be paired draw by draw.

    Attributes:
        value: The figure on all samples; None where there is none.
        draws: The same figure of every resample, shape ``[resamples]``; NaN where there is none.
    """

    value: float | None
    draws: Floats

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Percentile interval; None without a value, with no draw, or where draws never vary."""
        known = self.draws[~np.isnan(self.draws)]
        if self.value is None or not len(known) or float(np.ptp(known)) < 1e-12:
            return None
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def minus(self, other: Drawn) -> Drawn:
        """This figure less another of the same samples and the same draws."""
        if self.value is None or other.value is None:
            return Drawn(None, np.full_like(self.draws, np.nan))
        return Drawn(self.value - other.value, self.draws - other.draws)


def two_level_weights(instances: Sequence[str], resamples: int, rng_seed: int) -> Floats:
    """How often each sample is drawn; the first row is the data as they are.

    Instances are drawn with replacement; for every time an instance is drawn, as many samples as
    it has are drawn from it with replacement (the two-level bootstrap of Guan et al. 2025, arXiv
    2512.18311; Davison and Hinkley 1997, Bootstrap Methods, section 3.8).

    Args:
        instances: The instance (problem, question) of each sample.
        resamples: Number of draws.
        rng_seed: Seed of the draws.

    Returns:
        Weights, shape ``[1 + resamples, samples]``, the first row all ones.

    Raises:
        UsageError: ``resamples`` is below 1.
    """
    if resamples < 1:
        raise UsageError(f"cannot draw {resamples} resamples", hint="1000 is usual.")
    rng = np.random.default_rng(rng_seed)
    names = sorted(set(instances))
    found = np.ones((1 + resamples, len(instances)))
    if not names:
        return found
    order = {name: index for index, name in enumerate(names)}
    place = np.array([order[name] for name in instances])
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    for index in range(len(names)):
        mine = np.flatnonzero(place == index)
        size = len(mine)
        drawn = rng.multinomial(times[:, index] * size, np.full(size, 1 / size))
        found[1:, mine] = drawn
    return found


def drawn(statistic: Statistic, weights: Floats) -> Drawn:
    """A figure of the data and of every resample.

    Args:
        statistic: Computes it for many weightings at once.
        weights: From ``two_level_weights``.
    """
    values = statistic(weights)
    value = float(values[0])
    return Drawn(None if np.isnan(value) else value, values[1:])
