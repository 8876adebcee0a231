"""Doses are tested from the top, models are the unit, and nothing passes for something."""

from __future__ import annotations

import random

import pytest
from scipy.stats import ttest_ind

from harness.stats.doses import compare, first_dose


def test_the_comparison_is_welch() -> None:
    treated, controls = [0.2, 0.25, 0.31, 0.18], [0.02, 0.05, 0.04]
    found = compare(treated, controls)
    known = ttest_ind(treated, controls, equal_var=False)
    assert found.p == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval(0.95)))
    assert found.difference == pytest.approx(sum(treated) / 4 - sum(controls) / 3)
    assert found.auroc == 1.0 and (found.treated, found.controls) == (4, 3)


def test_one_model_has_no_interval() -> None:
    found = compare([0.5], [0.1, 0.2])
    assert (found.low, found.high, found.p) == (None, None, None)
    assert found.auroc == 1.0


def test_models_that_all_agree() -> None:
    assert compare([0.0, 0.0], [0.0, 0.0]).p == 1.0
    assert compare([1.0, 1.0], [0.0, 0.0]).p == 0.0


def test_the_first_dose_is_the_end_of_an_unbroken_run_from_the_top() -> None:
    far, near = compare([5.0, 5.1, 4.9], [0.0, 0.1, -0.1]), compare([0.1, 0.0], [0.0, 0.1])
    assert first_dose({0.1: near, 0.5: far, 1.0: far}) == 0.5
    assert first_dose({0.1: far, 0.5: near, 1.0: far}) == 1.0
    assert first_dose({0.1: far, 0.5: far, 1.0: near}) is None
    assert first_dose({0.1: far, 0.5: compare([5.0], [0.0]), 1.0: far}) == 1.0
    assert first_dose({}) is None


def test_false_alarms_stay_rare() -> None:
    rng = random.Random(0)

    def group() -> list[float]:
        return [rng.gauss(0, 1) for _ in range(4)]

    alarms = sum(
        first_dose({dose: compare(group(), group()) for dose in (0.1, 0.5, 1.0)}) is not None
        for _ in range(1000)
    )
    assert alarms < 65
