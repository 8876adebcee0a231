"""The published way: answers, then questions, then models."""

from __future__ import annotations

import pytest

from harness.stats.definitions import D1
from harness.stats.published_interval import rate_over_models
from harness.stats.rates import rate
from tests.stats.tables import answers


def test_it_averages_answers_then_questions_then_models():
    rows = answers({"a": [2, 4], "b": [0, 10]}, each=10) + answers({"c": [5]}, each=50)
    found = rate_over_models(rows, D1)
    # Model 0: (0.2 + 0 + 0.1) / 3; model 1: (0.4 + 1.0) / 2.
    assert found.rate == pytest.approx((0.1 + 0.7) / 2)
    assert (found.low, found.high) == pytest.approx((0.1, 0.7))
    assert "2 models" in found.method


def test_questions_with_fewer_than_5_answers_are_left_out():
    rows = answers({"a": [1, 1]}, each=10) + answers({"b": [4, 4]}, each=4)
    assert rate_over_models(rows, D1).rate == pytest.approx(0.1)
    assert rate_over_models(answers([4], each=4), D1).rate is None


def test_one_model_has_no_interval():
    found = rate_over_models(answers([2, 4], each=10), D1)
    assert (found.rate, found.low, found.high) == (pytest.approx(0.3), None, None)


def test_it_ignores_that_questions_differ():
    rows = answers({f"q{i}": [i * 2] * 4 for i in range(8)}, each=20)
    found, ours = rate_over_models(rows, D1), rate(rows, D1)
    assert found.high - found.low < 0.01 < 0.2 < ours.high - ours.low
