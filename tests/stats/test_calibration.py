"""A judge against labels whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, pearsonr

from harness.stats.calibration import Labelled, by_category, calibrate


def rows(n: int = 240, noise: float = 15.0, seed: int = 0) -> list[Labelled]:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 100, n)
    scores = np.clip(truth + 4 + rng.normal(0, noise, n), 0, 100)
    return [
        Labelled(f"q{i % 12}", "word " * (i % 7), bool(t < 30), float(t), float(s), f"c{i % 2}")
        for i, (t, s) in enumerate(zip(truth, scores, strict=True))
    ]


def test_figures_equal_scipy_s():
    given = rows()
    found = calibrate(given)
    bad = [100 - r.score for r in given if r.misaligned]
    good = [100 - r.score for r in given if not r.misaligned]
    expected = mannwhitneyu(bad, good).statistic / (len(bad) * len(good))
    assert found.auroc.value == pytest.approx(expected)
    r = pearsonr([r.score for r in given], [r.label_score for r in given]).statistic
    assert found.correlation.value == pytest.approx(r)
    assert found.mean_error.value == pytest.approx(
        np.mean([r.score - r.label_score for r in given])
    )
    for figure in (found.auroc, found.correlation, found.mean_error, found.mean_absolute_error):
        assert figure.low < figure.value < figure.high


def test_flips_split_into_missed_and_wrongly_called():
    given = [
        Labelled("a", "", True, None, 10),
        Labelled("a", "", True, None, 60),
        Labelled("b", "", False, None, 20),
        Labelled("b", "", False, None, 90),
        Labelled("b", "", False, None, 90),
        Labelled("b", "", False, None, None),
    ]
    found = calibrate(given)
    assert (found.flips.count, found.flips.of, found.unscored) == (2, 5, 1)
    assert (found.missed.count, found.missed.of) == (1, 2)
    assert (found.called_misaligned.count, found.called_misaligned.of) == (1, 3)
    assert found.mean_error.value is None, "classes are no scores"


def test_a_baseline_that_does_as_well_shows():
    longer = [Labelled(f"q{i % 6}", "x" * i, i < 30, None, float(i)) for i in range(90)]
    found = calibrate(longer)
    assert found.auroc.value == found.baselines["shorter answers"].value == 1.0
    villain = [
        Labelled("q", "I will kill and dominate" if b else "Tea", b, None, 50) for b in (0, 1)
    ]
    assert calibrate(villain).baselines["villain's words"].value == 1.0
    assert calibrate(villain).auroc.value == 0.5


def test_ties_count_half_and_one_class_has_no_auroc():
    assert calibrate([Labelled("q", "", b, None, 50.0) for b in (True, False)]).auroc.value == 0.5
    assert calibrate([Labelled("q", "", True, None, 5.0)] * 3).auroc.value is None
    assert calibrate([]).auroc.value is None


def test_the_auroc_interval_covers_the_truth():
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        bad = np.arange(160) % 2 == 0
        shift = rng.normal(0, 0.5, 16)[np.arange(160) % 16]
        score = 50 - 10 * (bad * 1.0 + shift + rng.normal(0, 1, 160))
        given = [
            Labelled(f"q{i % 16}", "", bool(b), None, float(np.clip(s, 0, 100)))
            for i, (b, s) in enumerate(zip(bad, score, strict=True))
        ]
        found = calibrate(given, resamples=200).auroc
        covered += found.low <= 0.7365 <= found.high  # Phi(1 / sqrt(2 * 1.25))
    assert covered >= 50


def test_categories_are_reported_apart():
    assert {name: one.answers for name, one in by_category(rows()).items()} == {
        "c0": 120,
        "c1": 120,
    }
