from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.stats.power import samples_for_zero_claim


@pytest.mark.parametrize(
    ("upper", "level", "answers"),
    [(0.05, 0.95, 59), (0.01, 0.95, 299), (0.001, 0.95, 2995), (0.01, 0.99, 459), (0.3, 0.51, 2)],
)
def test_known_sample_sizes(upper, level, answers):
    assert samples_for_zero_claim(upper, level) == answers


@pytest.mark.parametrize("upper", [0.2, 0.03, 0.004])
def test_it_is_the_smallest_number_that_shows_the_claim(upper):
    answers = samples_for_zero_claim(upper)

    assert (1 - upper) ** answers <= 0.05 < (1 - upper) ** (answers - 1)


def test_clustered_answers_cost_more():
    assert (
        samples_for_zero_claim(0.01, design_effect=7.3) == 2176
    )  # ln .05 / ln .99 = 298.07; 298.07 * 7.3 = 2175.9


@pytest.mark.parametrize(
    ("upper", "level", "effect"), [(0, 0.95, 1), (1, 0.95, 1), (0.1, 1, 1), (0.1, 0.95, 0.5)]
)
def test_values_out_of_range_are_refused(upper, level, effect):
    with pytest.raises(UsageError):
        samples_for_zero_claim(upper, level, effect)
