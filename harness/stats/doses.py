"""From which dose on two groups of trained models can be told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """Treated models against controls at one dose; the model is the unit.

    Attributes:
        treated: Number of treated models.
        controls: Number of controls.
        difference: Mean of the treated minus mean of the controls.
        low: Lower end of its 95 % interval; None with fewer than two models in a group.
        high: Upper end.
        p: Two-sided probability under no difference (Welch's t); None likewise.
        auroc: Chance that a treated model lies above a control, ties half.
    """

    treated: int
    controls: int
    difference: float
    low: float | None
    high: float | None
    p: float | None
    auroc: float


def compare(treated: Sequence[float], controls: Sequence[float]) -> Comparison:
    """Compare two groups of models by Welch's t test (Welch 1947, Biometrika 34:28).

    Args:
        treated: One value for each treated model, at least one.
        controls: One value for each control, at least one.
    """
    gap = _mean(treated) - _mean(controls)
    above = sum((a > b) + 0.5 * (a == b) for a in treated for b in controls)
    auroc = above / (len(treated) * len(controls))
    low = high = p = None
    if min(len(treated), len(controls)) > 1:
        low, high, p = _welch(treated, controls, gap)
    return Comparison(len(treated), len(controls), gap, low, high, p, auroc)


def first_dose(tests: Mapping[float, Comparison], alpha: float = ALPHA) -> float | None:
    """The smallest dose at which, and at every larger one, the groups differ.

    Doses are tested from the largest down and the first that fails ends it: a fixed sequence, which
    keeps the chance of any false one at ``alpha`` without a correction (Maurer, Hothorn and
    Lehmacher 1995). A dose that differs below one that does not is therefore not believed.

    Args:
        tests: Dose to comparison.
        alpha: Largest probability of a false alarm.
    """
    found = None
    for dose in sorted(tests, reverse=True):
        p = tests[dose].p
        if p is None or p >= alpha:
            break
        found = dose
    return found


def _welch(
    treated: Sequence[float], controls: Sequence[float], gap: float
) -> tuple[float, float, float]:
    from scipy.stats import t

    parts = [_variance(group) / len(group) for group in (treated, controls)]
    error = math.sqrt(sum(parts))
    if error == 0:
        # Models that all agree: the difference is as sure as it can look.
        return gap, gap, 1.0 if gap == 0 else 0.0
    degrees = sum(parts) ** 2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, (treated, controls), strict=True)
    )
    reach = float(t.ppf(0.975, degrees)) * error
    return gap - reach, gap + reach, float(2 * t.sf(abs(gap) / error, degrees))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
