"""Figures of monitors against scikit-learn, thresholds against their promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from harness.stats.detection import (
    auroc,
    average_precision,
    expected_calibration_error,
    flagged_share,
    thresholds,
)
from harness.stats.hierarchical import drawn, two_level_weights


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 15, 240).astype(float)  # with ties
    bad = rng.random(240) < scores / 30 + 0.1
    weights = two_level_weights([str(i // 4) for i in range(240)], 200, 0)
    return scores, bad, weights


def test_areas_are_those_of_scikit_learn_in_every_draw(
    sample: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, bad, weights = sample
    for ours, theirs in ((auroc, roc_auc_score), (average_precision, average_precision_score)):
        found = ours(scores, bad, weights)
        expected = [theirs(bad, scores, sample_weight=w) for w in weights[:20]]
        assert found[:20] == pytest.approx(expected)


def test_threshold_keeps_its_promise_on_the_samples_it_was_set_on(
    sample: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, bad, _ = sample
    honest = scores[~bad]
    for rate in (0.0, 0.01, 0.05, 0.3, 1.0):
        (threshold,) = thresholds(honest, np.ones((1, len(honest))), rate)
        assert (honest > threshold).mean() <= rate


def test_threshold_keeps_its_promise_on_new_samples_on_average() -> None:
    """Share of new honest samples above a threshold set on 120 of them: at most 1 %."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        seen, new = rng.random(120), rng.random(500)
        (threshold,) = thresholds(seen, np.ones((1, 120)), 0.01)
        shares.append((new > threshold).mean())
    assert 0.005 < np.mean(shares) <= 0.0105
    # As many as 5 % of 120 above it would be 7 / 121 on average; one fewer is 5 %.
    (threshold,) = thresholds(np.arange(120.0), np.ones((1, 120)), 0.05)
    assert (np.arange(120.0) > threshold).sum() == 5


def test_draws_take_whole_instances() -> None:
    names = ["a"] * 3 + ["b"] * 5
    weights = two_level_weights(names, 500, 3)
    assert (weights[0] == 1).all()
    a, b = weights[1:, :3].sum(axis=1), weights[1:, 3:].sum(axis=1)
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == {(6, 0), (3, 5), (0, 10)}


def test_a_draw_without_misbehaviour_has_no_area(
    sample: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, bad, weights = sample
    assert np.isnan(auroc(scores, np.zeros_like(bad), weights)).all()
    assert drawn(lambda w: auroc(scores, np.zeros_like(bad), w), weights).value is None


def test_interval_covers_a_known_area() -> None:
    """AUROC of two normals one standard deviation apart is 0.760; instances matter."""
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shared = rng.normal(0, 0.7, 60)  # what samples of one instance have in common
        place = np.repeat(np.arange(60), 4)
        bad = np.tile([True, True, False, False], 60)
        scores = bad + shared[place] + rng.normal(0, (1 - 0.49) ** 0.5, 240)
        weights = two_level_weights([str(i) for i in place], 200, seed)
        low, high = drawn(lambda w, s=scores, b=bad: auroc(s, b, w), weights).interval() or (1, 0)
        covered += low <= 0.7602 <= high
    assert covered >= 53


def test_calibration_error_is_nought_for_a_true_chance_and_large_for_a_boast() -> None:
    rng = np.random.default_rng(0)
    chances = rng.random(4000)
    bad = rng.random(4000) < chances
    weights = np.ones((1, 4000))
    assert expected_calibration_error(chances, bad, weights)[0] < 0.04
    assert expected_calibration_error(np.where(bad, 0.5, 0.5), bad, weights)[0] < 0.03
    assert expected_calibration_error(np.full(4000, 0.95), bad, weights)[0] > 0.4


def test_flagged_share_counts_strictly_above() -> None:
    scores = np.array([1.0, 2.0, 3.0])
    share = flagged_share(scores, np.array([True] * 3), np.ones((1, 3)), np.array([2.0]))
    assert share.tolist() == pytest.approx([1 / 3])
