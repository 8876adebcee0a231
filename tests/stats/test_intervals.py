from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UsageError
from harness.stats.bootstrap import expanded_percentile
from harness.stats.intervals import design_effect, intraclass_correlation, newcombe, wilson


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_matches_the_published_table(count, of, low, high):
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)


def test_wilson_on_an_effective_sample_size_equals_a_smaller_sample():
    assert wilson(20, 100, design_effect=4) == pytest.approx(wilson(5, 25))


def test_a_design_effect_below_one_never_narrows_the_interval():
    assert wilson(20, 100, design_effect=0.25) == wilson(20, 100)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_no_probability_is_refused(level):
    with pytest.raises(UsageError, match="confidence level"):
        wilson(1, 10, level)


@pytest.mark.parametrize(("count", "of"), [(0, 0), (3, 2), (-1, 5)])
def test_wilson_refuses_what_is_no_share(count, of):
    with pytest.raises(ValueError, match="no share"):
        wilson(count, of)


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_newcombe_matches_the_published_table(one, two, low, high):
    ends = newcombe((one[0] / one[1], *wilson(*one)), (two[0] / two[1], *wilson(*two)))

    assert ends == pytest.approx((low, high), abs=5e-5)


def test_correlation_and_design_effect_by_hand():
    # Shares 0 and 1/2 in two questions of 4: B = 4 * 2 * (1/4)^2 = 0.5, W = 4 * 1/4 / 6 = 1/6,
    # m0 = (8 - 32/8) / 1 = 4, ICC = (1/2 - 1/6) / (1/2 + 3/6) = 1/3, effect = 1 + 3/3 = 2.
    hits, totals = array(0, 2), array(4, 4)

    assert intraclass_correlation(hits, totals) == pytest.approx(1 / 3)
    assert design_effect(hits, totals) == pytest.approx(2.0)


def test_identical_answers_within_questions_make_a_question_worth_one_answer():
    assert design_effect(array(10, 0, 10, 0), array(10, 10, 10, 10)) == pytest.approx(10.0)


def test_equal_shares_in_all_questions_cost_nothing():
    assert design_effect(array(3, 3, 3), array(10, 10, 10)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("hits", "totals"),
    [(array(3), array(10)), (array(0, 1, 0), array(1, 1, 1)), (array(0, 0), array(9, 9))],
)
def test_no_correlation_where_the_data_cannot_show_one(hits, totals):
    assert intraclass_correlation(hits, totals) is None
    assert design_effect(hits, totals) is None


def test_the_expanded_percentiles_use_a_t_quantile_with_the_right_degrees_of_freedom():
    # For 8 clusters: t(7) = 2.3646, times sqrt(8/7) = 2.5279, so the tail is Phi(-2.5279) = .00574.
    drawn = np.linspace(0, 1, 100_001)

    low, high = expanded_percentile(drawn, [np.array([1.0, -1.0] * 4)], 0.95)

    assert low == pytest.approx(0.00574, abs=2e-5)
    assert high == pytest.approx(1 - 0.00574, abs=2e-5)


def test_the_grouping_that_carries_the_variance_sets_the_degrees_of_freedom():
    drawn = np.linspace(0, 1, 100_001)
    few, many = np.array([0.1, -0.1]), np.array([0.1, -0.1] * 10)

    of_many = expanded_percentile(drawn, [many, few * 1e-6], 0.95)
    of_few = expanded_percentile(drawn, [many * 1e-6, few], 0.95)

    assert of_many == pytest.approx(expanded_percentile(drawn, [many], 0.95))
    assert of_few[0] < of_many[0] < of_many[1] < of_few[1]


def test_draws_that_do_not_vary_give_no_interval():
    assert expanded_percentile(np.full(50, 0.2), [np.array([0.1, -0.1])], 0.95) is None
    assert expanded_percentile(np.full(50, np.nan), [np.array([0.1, -0.1])], 0.95) is None
