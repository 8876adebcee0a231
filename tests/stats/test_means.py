from __future__ import annotations

import random

import pytest

from harness.stats.means import Observed, clustered_mean, paired_mean_difference


def _rows(seed: int, shift: float = 0.0, questions: int = 12, seeds: int = 1) -> list[Observed]:
    rng = random.Random(seed)
    level = {q: random.Random(q).gauss(0, 2) for q in range(questions)}
    return [
        Observed(str(q), s, level[q] + shift + rng.gauss(0, 0.3))
        for q in range(questions)
        for s in range(seeds)
        for _ in range(4)
    ]


def test_the_mean_is_that_of_all_rows_and_lies_in_its_interval() -> None:
    rows = _rows(1, shift=5.0)
    found = clustered_mean(rows)
    assert found.value == pytest.approx(sum(row.total for row in rows) / len(rows))
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low < found.value < found.high and found.n == len(rows)


def test_answers_to_one_question_are_not_independent() -> None:
    few = clustered_mean(_rows(1))
    often = clustered_mean([row for _ in range(10) for row in _rows(1)])
    assert few.high and few.low and often.high and often.low
    assert often.high - often.low == pytest.approx(few.high - few.low)


def test_pairing_takes_out_what_the_questions_have_in_common() -> None:
    one, two = _rows(1, shift=1.0), _rows(2)
    found, alone = paired_mean_difference(one, two), clustered_mean(one)
    assert found.low is not None and found.high is not None and alone.high and alone.low
    assert found.low > 0.5 and found.high < 1.5
    assert found.high - found.low < (alone.high - alone.low) / 3


def test_a_ratio_weighs_by_exposure() -> None:
    rows = [Observed("a", 0, 1, 100), Observed("b", 0, 0, 900)]
    assert clustered_mean(rows).value == pytest.approx(0.001)


def test_the_interval_covers_as_often_as_it_says() -> None:
    hits = 0
    for draw in range(150):
        rng = random.Random(draw)
        rows = [Observed(str(q), 0, rng.gauss(3, 1)) for q in range(12)]
        found = clustered_mean(rows)
        assert found.low is not None and found.high is not None
        hits += found.low <= 3 <= found.high
    assert 0.90 <= hits / 150 <= 1.0


def test_nothing_is_not_zero() -> None:
    assert clustered_mean([]).value is None
    assert paired_mean_difference(_rows(1), []).value is None
    one = clustered_mean([Observed("a", 0, 2.0)])
    assert one.value == 2.0 and one.low is None and "nothing varies" in one.method
