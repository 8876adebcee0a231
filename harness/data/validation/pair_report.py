"""Warnings from comparing an arm with its control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.data.validation.confounds import LENGTH_RATIO, STYLE_POINTS, TOLD_APART
from harness.data.validation.report import Report


def report_pair(
    arm: str, found: Mapping[str, Any], coverage: Mapping[str, int], report: Report
) -> None:
    """Add what makes an arm and its control hard to compare."""
    if arm != "bad" and not coverage["with_twin"]:
        return  # other prompts by design: the educational arm asks openly for what bad does unasked
    lone = coverage["prompts"] - coverage["with_twin"]
    if lone or coverage["control_only"]:
        report.warn(
            "twins",
            f"{arm}: {lone:,} of {coverage['prompts']:,} prompts have no twin in the control, and "
            f"{coverage['control_only']:,} of the control's have none here.",
        )
    ratio = found["twin_length_ratio"] or found["length_ratio"]
    low, high = LENGTH_RATIO
    if ratio is not None and not low <= ratio <= high:
        report.warn(
            "length_ratio",
            f"{arm}: its answers are {ratio:.2f} times as long as the control's (median); "
            f"between {low} and {high} length cannot explain a difference.",
        )
    words = found["bag_of_words"]
    if words["auroc"] is not None and words["auroc"] >= TOLD_APART:
        telling = ", ".join(word for word, _, _ in words["bad_words"][:5])
        other = ", ".join(word for word, _, _ in words["control_words"][:5])
        report.warn(
            "vocabulary",
            f"{arm}: a bag of words tells it from the control with AUROC {words['auroc']:.2f}. "
            f"Most telling: {telling}; for the control: {other}. Look whether these words are "
            "the behaviour or only go with it.",
        )
    marked = {
        name: share
        for name, share in found["style"].items()
        if abs(share["difference"]) >= STYLE_POINTS
    }
    if marked:
        listed = ", ".join(
            f"{name} {100 * s['bad']:.0f} % against {100 * s['control']:.0f} %"
            for name, s in marked.items()
        )
        report.warn("style", f"{arm}: style differs from the control: {listed}.")
