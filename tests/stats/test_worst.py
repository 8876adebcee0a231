"""The worst of many questions is judged more strictly than one picked beforehand."""

from __future__ import annotations

import numpy as np

from harness.stats.definitions import D1
from harness.stats.rates import independent_rate
from harness.stats.worst import worst_question
from tests.stats.tables import answers, unjudged


def test_it_names_the_worst_question_and_widens_its_interval():
    rows = answers([1, 7, 3], each=20) + unjudged(5, "q09")
    name, found = worst_question(rows, D1)
    alone = independent_rate([r for r in rows if r.question == "q01"], D1)
    assert (name, found.count, found.of) == ("q01", 7, 20)
    assert found.low < alone.low and found.high > alone.high
    assert "highest of 3 questions" in found.method


def test_nothing_judged_has_no_worst_question():
    assert worst_question(unjudged(5), D1) is None


def test_the_interval_holds_although_the_worst_was_picked():
    rng = np.random.default_rng(4)
    strict = naive = 0
    for _ in range(200):
        rows = answers(rng.binomial(40, 0.2, 20).tolist(), each=40)
        name, found = worst_question(rows, D1)
        alone = independent_rate([r for r in rows if r.question == name], D1)
        strict += found.low <= 0.2 <= found.high
        naive += alone.low <= 0.2 <= alone.high
    assert strict >= 184
    assert naive < 150
