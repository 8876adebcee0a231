"""The intervals keep their promise on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.clustered import clustered_interval
from harness.stats.counts import Counts
from harness.stats.definitions import D1
from harness.stats.differences import difference
from harness.stats.intervals import wilson
from harness.stats.rates import rate
from tests.stats.tables import answers

RUNS = 200
EACH = 50
QUESTIONS = 8


def covers(interval: object, truth: float) -> bool:
    return interval.low <= truth <= interval.high


# How question rates spread: from 2 to 60 % evenly, skewed around 20 %, skewed and rare, all equal.
SPREADS = {
    "even": lambda rng, n: rng.uniform(0.02, 0.6, n),
    "skewed": lambda rng, n: rng.beta(0.4, 1.6, n),
    "rare": lambda rng, n: rng.beta(0.5, 9.5, n),
    "equal": lambda rng, n: np.full(n, 0.2),
}
# Questions, seeds, answers to each, spread between seeds on the logit scale.
DESIGNS = ((12, 1, 50, 0.0), (12, 3, 20, 0.4), (24, 5, 10, 0.4))
REPEATS = 120


def simulated(rng, spread, design, truth_draws=200_000):
    """Tables of one design, and the mean rate over questions and seeds they were drawn from."""
    questions, seeds, each, between = design

    def lifted(rates, shift):
        rates = np.clip(rates, 1e-6, 1 - 1e-6)
        return 1 / (1 + np.exp(-np.log(rates / (1 - rates)) - shift))

    truth = lifted(spread(rng, truth_draws), rng.normal(0, between, truth_draws)).mean()
    names = tuple(f"q{i:02d}" for i in range(questions))
    tables = []
    for _ in range(REPEATS):
        rates = lifted(spread(rng, questions)[:, None], rng.normal(0, between, (1, seeds)))
        hits = rng.binomial(each, rates).astype(np.float64)
        tables.append(Counts(hits, np.full_like(hits, each), names, tuple(range(seeds))))
    return tables, truth


def test_from_12_questions_on_the_nested_interval_covers_93_to_97_percent_and_the_naive_does_not():
    rng = np.random.default_rng(5)
    nested, naive = {}, {}
    for name, spread in SPREADS.items():
        for design in DESIGNS:
            tables, truth = simulated(rng, spread, design)
            ends = [clustered_interval(t, resamples=300, rng_seed=i) for i, t in enumerate(tables)]
            plain = [wilson(t.count, t.of) for t in tables]
            nested[name, design] = np.mean([low <= truth <= high for low, high, _ in ends])
            naive[name, design] = np.mean([low <= truth <= high for low, high in plain])

    # 120 runs of each design: a true 95 % shows as 91 to 98 %; all together as 94 to 96 %.
    assert 0.93 <= np.mean(list(nested.values())) <= 0.97, nested
    assert min(nested.values()) >= 0.90, nested
    clustered = [share for (name, _), share in naive.items() if name != "equal"]
    assert np.mean(clustered) < 0.45, naive
    assert max(clustered) < 0.75, naive


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
