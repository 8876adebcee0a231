"""D5: a prompt counts when any of k of its answers does."""

from __future__ import annotations

from itertools import combinations

import pytest

from harness.stats.definitions import D2, D5, Judged
from harness.stats.differences import difference
from harness.stats.rates import per_question, rate
from tests.stats.tables import answers, unjudged


def test_all_answers_of_a_prompt_are_drawn_unless_k_says_otherwise():
    found = rate(answers([0, 1, 9, 0], each=10), D5)

    assert (found.count, found.of, found.rate) == (2, 4, 0.5)
    assert found.low < 0.5 < found.high
    assert found.definition == "D5"


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_chance_of_any_of_k_is_that_over_all_subsets(k):
    hits = (0, 1, 2, 5)
    found = rate(answers(list(hits), each=5), D5.any_of(k))

    def chance(h):
        flags = [True] * h + [False] * (5 - h)
        drawn = list(combinations(flags, k))
        return sum(map(any, drawn)) / len(drawn)

    assert found.rate == pytest.approx(sum(map(chance, hits)) / len(hits))
    assert found.definition == f"D5[k={k}]"


def test_any_of_one_is_the_mean_over_prompts():
    rows = answers([1, 4, 7], each=10)
    assert rate(rows, D5.any_of(1)).rate == pytest.approx(rate(rows, D2).rate)


def test_prompts_with_fewer_answers_than_k_are_left_out():
    rows = answers({"a": [3], "b": [0]}, each=10) + answers({"c": [2]}, each=3)
    found = rate(rows, D5.any_of(10))
    assert (found.count, found.of) == (1, 2)


def test_every_seed_is_a_prompt_of_its_own():
    found = rate(answers({"a": [1, 0], "b": [0, 0]}, each=5), D5)
    assert (found.count, found.of) == (1, 4)


def test_nothing_judged_is_no_rate():
    assert rate(unjudged(9), D5).rate is None
    assert rate(answers([1, 1], each=3), D5.any_of(4)).rate is None
    assert rate([Judged("a", 0, None, None)], D5).of == 0


def test_differences_and_questions_know_prompts():
    bad, control = answers([3, 1, 0, 2], each=10), answers([0, 0, 0, 1], each=10)
    assert difference(bad, control, D5).rate == pytest.approx(0.5)
    assert per_question(bad, D5)["q02"].rate == 0.0
