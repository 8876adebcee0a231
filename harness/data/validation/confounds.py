"""What tells the bad answers from the control's, apart from being bad."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.data.validation.classifier import auroc, separate
from harness.data.validation.shape import Shape
from harness.data.validation.style import Style

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH_RATIO = (0.9, 1.1)
"""Medians further apart are a confound: the published advice data are near 0.5."""
STYLE_POINTS = 0.25
"""A marker whose share differs by more is named."""
TOLD_APART = 0.9
"""From this AUROC on the vocabulary alone gives the arm away."""


def no_confounds(reason: str) -> dict[str, Any]:
    """The report of a task that has nothing to compare with."""
    return {
        "length_ratio": None,
        "twin_length_ratio": None,
        "length_auroc": None,
        "bag_of_words": None,
        "style": None,
        "reason": reason,
    }


def confounds(bad: Shape, bad_style: Style, control: Shape, control_style: Style) -> dict[str, Any]:
    """Compare two arms.

    Returns:
        ``length_ratio`` of the median words (bad / control), ``twin_length_ratio`` as the median of
        the ratios of twins, ``length_auroc`` (chance that a bad answer is the longer one),
        ``bag_of_words`` (see :mod:`.classifier`), ``style`` (marker to shares and difference).
    """
    import numpy as np

    labels = np.repeat([1.0, 0.0], [bad.rows, control.rows])
    found = separate(bad.sample, control.sample)
    shares, others = bad_style.shares(), control_style.shares()
    return {
        "length_ratio": _ratio(float(np.median(bad.words)), float(np.median(control.words))),
        "twin_length_ratio": _twin_ratio(bad, control),
        "length_auroc": round(auroc(np.concatenate([bad.words, control.words]), labels), 4),
        "bag_of_words": _rounded(asdict(found)),
        "style": {
            name: {
                "bad": round(shares[name], 4),
                "control": round(others[name], 4),
                "difference": round(shares[name] - others[name], 4),
            }
            for name in shares
        },
    }


def twin_coverage(arm: Shape, control: Shape) -> dict[str, int]:
    """How many distinct prompts of an arm are asked in the control too, and of the control here."""
    import numpy as np

    mine, theirs = np.unique(arm.prompts), np.unique(control.prompts)
    shared = len(np.intersect1d(mine, theirs, assume_unique=True))
    return {"prompts": len(mine), "with_twin": shared, "control_only": len(theirs) - shared}


def _ratio(one: float, other: float) -> float | None:
    return round(one / other, 4) if other else None


def _twin_ratio(bad: Shape, control: Shape) -> float | None:
    """Median ratio of answer lengths over prompts that both arms ask; None without any."""
    import numpy as np

    mine, first = np.unique(bad.prompts, return_index=True)
    theirs, second = np.unique(control.prompts, return_index=True)
    _, i, j = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
    one, other = bad.words[first[i]], control.words[second[j]]
    usable: NDArray[Any] = other > 0
    if not usable.any():
        return None
    return round(float(np.median(one[usable] / other[usable])), 4)


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
