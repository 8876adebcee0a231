"""Area under the ROC curve of two samples of scores."""

from __future__ import annotations

from collections.abc import Sequence

from harness.miniature.measurements import Auroc


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> Auroc:
    """Chance that a positive's score is above a negative's, ties counting half (Mann-Whitney)."""
    value = None
    if positives and negatives:
        from scipy.stats import mannwhitneyu

        above = mannwhitneyu(positives, negatives, method="asymptotic").statistic
        value = round(float(above) / (len(positives) * len(negatives)), 5)
    return Auroc(value=value, positives=len(positives), negatives=len(negatives))
