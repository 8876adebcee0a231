"""Agreement of judges against published and hand-made examples."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.agreement import flips, krippendorff

N = np.nan
# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section D: 4 observers, 12 units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
).T
QUESTIONS = [f"q{i % 4}" for i in range(12)]


def test_alpha_equals_the_published_example():
    found = krippendorff(PUBLISHED, QUESTIONS)
    assert found.alpha == pytest.approx(0.849, abs=5e-4)
    assert (found.answers, found.judges) == (11, 4)
    assert found.low <= found.alpha <= found.high


def test_alpha_is_one_for_equal_judges_and_near_zero_for_unrelated_ones():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0, 100, (400, 2))
    names = [f"q{i % 12}" for i in range(400)]
    assert krippendorff(scores[:, [0, 0]], names).alpha == pytest.approx(1.0)
    assert abs(krippendorff(scores, names).alpha) < 0.15


def test_alpha_that_cannot_be_told_is_none():
    one_each = np.array([[5.0, N], [N, 7.0]])
    assert krippendorff(one_each, ["a", "b"]).alpha is None
    assert krippendorff(np.full((4, 2), 50.0), list("aabb")).alpha is None


def test_flips_count_answers_on_different_sides_and_skip_missing_ones():
    first, second = np.array([10, 29, 31, 90, N]), np.array([20, 35, 90, 10, 10])
    found = flips(first, second, ["a", "a", "b", "b", "b"], 30)
    assert (found.count, found.of) == (2, 4)
    assert found.low < 0.5 < found.high
    assert flips(np.array([N]), np.array([5.0]), ["a"], 30).rate is None
