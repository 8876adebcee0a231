from __future__ import annotations

import numpy as np
import pytest

from harness.stats.contrast import Term, contrast
from harness.stats.definitions import D1, Judged
from harness.stats.differences import difference


def _rows(hits: list[int], of: int, seed: int = 0) -> list[Judged]:
    return [
        Judged(f"q{place}", seed, 0.0 if number < count else 90.0, 90.0)
        for place, count in enumerate(hits)
        for number in range(of)
    ]


A, B, C = _rows([10, 20, 30, 5], 50), _rows([1, 3, 8, 0], 50), _rows([0, 0, 1, 0], 50)


def test_of_two_terms_it_is_their_difference() -> None:
    found = contrast([Term("a", 1, A), Term("b", -1, B)], D1)
    known = difference(A, B, D1)
    assert found.rate == pytest.approx(known.rate)
    assert found.low == pytest.approx(known.low, abs=0.03)
    assert found.high == pytest.approx(known.high, abs=0.03)


def test_weights_and_order() -> None:
    four = [Term("a", 1, A), Term("b", -1, B), Term("b2", -1, B), Term("c", 1, C)]
    one, other = contrast(four, D1), contrast(four[::-1], D1)
    assert one.rate == pytest.approx((65 - 12) / 200 - (12 - 1) / 200)
    assert (one.low, one.high) == (pytest.approx(other.low), pytest.approx(other.high))


def test_the_same_answers_cancel_but_leave_an_interval() -> None:
    found = contrast([Term("a", 1, A), Term("a", -1, A)], D1)
    assert found.rate == 0.0
    assert found.low is not None and found.high is not None and found.low < 0 < found.high


def test_a_term_without_answers_leaves_nothing() -> None:
    found = contrast([Term("a", 1, A), Term("empty", -1, [])], D1)
    assert found.rate is found.low is found.high is None and "empty" in found.method


def test_it_covers_the_difference_of_differences() -> None:
    """Twelve questions, four arms; how bad a question is for a run is shared by nothing."""
    rng = np.random.default_rng(3)
    covered, runs, questions, answers = 0, 300, 12, 30
    spread = np.linspace(0.05, 0.5, questions)
    for _ in range(runs):
        drawn = np.array([[1.0], [0.2], [0.6], [0.2]])
        rates = np.clip(spread * drawn * rng.uniform(0.5, 1.5, size=(4, questions)), 0, 1)
        arms = [_rows(list(map(int, rng.binomial(answers, rate))), answers) for rate in rates]
        signs = (1, -1, -1, 1)
        terms = [Term("x", sign, rows) for sign, rows in zip(signs, arms, strict=True)]
        found = contrast(terms, D1)
        truth = spread.mean() * (1.0 - 0.2 - 0.6 + 0.2)
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.92 <= covered / runs <= 1.0
