from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.stats.grid import grid_difference, grid_mean


def test_one_seed_is_the_textbook_t_interval() -> None:
    values = np.array([0.3, 1.2, -0.4, 0.8, 2.0])
    found = grid_mean(values[:, None], "scenarios")
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), low, high))
    assert found.n == 5
    assert found.method == "t interval over 5 scenarios"


def test_a_paired_difference_is_the_interval_of_the_differences() -> None:
    rng = np.random.default_rng(0)
    hard = rng.normal(0, 5, size=(6, 1))
    first, second = hard + rng.normal(1, 0.2, (6, 1)), hard + rng.normal(0, 0.2, (6, 1))
    found = grid_difference(first, second, same_seeds=True)
    low, high = stats.t.interval(
        0.95, 5, (first - second).mean(), stats.sem((first - second).ravel())
    )
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low is not None and found.low > 0.5  # what is hard for both cancels


def test_intervals_cover_the_truth_over_items_and_seeds() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        grid = rng.normal(0, 1, (5, 1)) + rng.normal(0, 1, (1, 5)) + rng.normal(0, 0.3, (5, 5))
        found = grid_mean(grid)
        assert found.low is not None and found.high is not None
        hits += found.low <= 0 <= found.high
    assert 0.92 < hits / 400 <= 1


def test_other_seeds_do_not_pair() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(5, 1)), rng.normal(size=(5, 3))
    found = grid_difference(first, second, same_seeds=False, items="scenarios")
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert "1 and 3 seeds" in found.method


def test_nothing_is_not_zero() -> None:
    assert grid_mean(np.empty((0, 0))).value is None
    assert grid_mean(np.ones((3, 1))).low is None
