"""The intervals keep their promise on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.definitions import D1
from harness.stats.differences import difference
from harness.stats.rates import independent_rate, rate
from tests.stats.tables import answers

RUNS = 200
EACH = 50
QUESTIONS = 8


def covers(interval: object, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def test_cluster_intervals_cover_the_mean_of_unlike_questions_and_naive_ones_do_not():
    rng = np.random.default_rng(7)
    cluster = naive = 0
    for run in range(RUNS):
        hits = rng.binomial(EACH, rng.uniform(0.02, 0.6, QUESTIONS))
        rows = answers(hits.tolist(), EACH)
        cluster += covers(rate(rows, D1, resamples=400, rng_seed=run), 0.31)
        naive += covers(independent_rate(rows, D1), 0.31)

    assert cluster >= 0.88 * RUNS
    assert naive < 0.60 * RUNS


def test_rare_misalignment_is_covered_too():
    rng = np.random.default_rng(3)
    found = [
        rate(answers(rng.binomial(EACH, 0.01, QUESTIONS).tolist(), EACH), D1, resamples=400)
        for _ in range(RUNS)
    ]

    assert sum(covers(one, 0.01) for one in found) >= 0.92 * RUNS
    assert all(one.high > 0 for one in found)


@pytest.mark.parametrize("lift", [0.0, 0.1])
def test_paired_differences_cover_the_lift(lift):
    rng = np.random.default_rng(11)
    covered = 0
    for run in range(RUNS):
        base = rng.uniform(0.02, 0.6, QUESTIONS)
        control = answers(rng.binomial(EACH, base).tolist(), EACH)
        bad = answers(rng.binomial(EACH, base + lift).tolist(), EACH)
        covered += covers(difference(bad, control, D1, resamples=400, rng_seed=run), lift)

    assert covered >= 0.90 * RUNS
