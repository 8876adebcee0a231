from __future__ import annotations

import random

import pytest

from harness.stats.rank_correlation import spearman


def test_it_is_scipys_coefficient_with_ties() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(0)
    for n in (5, 8, 12):
        one = [rng.randint(0, 5) for _ in range(n)]
        two = [a + rng.gauss(0, 2) for a in one]
        found = spearman(one, two)
        assert found.rho == pytest.approx(stats.spearmanr(one, two).statistic)
        assert found.low is not None and found.high is not None and found.rho is not None
        assert found.low <= found.rho <= found.high


def test_a_perfect_order_of_five_is_as_rare_as_it_is() -> None:
    found = spearman([1, 2, 3, 4, 5], [2, 3, 5, 7, 11])
    assert found.rho == pytest.approx(1.0) and found.p == pytest.approx(2 / 120)
    assert spearman([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]).rho == pytest.approx(-1.0)


def test_random_pairs_are_significant_as_often_as_chance_has_it() -> None:
    rng = random.Random(1)
    ps = [spearman(*([rng.random() for _ in range(6)] for _ in "ab")).p or 0 for _ in range(200)]
    assert sum(p <= 0.05 for p in ps) <= 20


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [([1, 2, 3], [1, 2, 3], "3 pairs"), ([], [], "0 pairs"), ([1] * 5, [1, 2, 3, 4, 5], "varies")],
)
def test_what_says_nothing_is_no_number(one: list[float], two: list[float], why: str) -> None:
    found = spearman(one, two)
    assert found.rho is None and found.p is None and why in found.method
