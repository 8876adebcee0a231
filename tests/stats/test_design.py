"""Predicted power is what simulated runs reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import UsageError
from harness.stats.counts import Counts
from harness.stats.definitions import D1
from harness.stats.design import Design, Effect, effect_of, needed, power, smallest_difference
from harness.stats.differences import paired_interval
from tests.stats.tables import answers

EFFECT = Effect(control=0.05, difference=0.12)
RUNS = 150


def simulated(effect: Effect, design: Design, seed: int = 0) -> float:
    """Share of simulated runs whose interval lies above 0."""
    rng = np.random.default_rng(seed)
    names = tuple(f"q{i:03d}" for i in range(design.questions))
    shape = (design.questions, design.seeds)

    def arm(share: float, lift: np.ndarray) -> Counts:
        weight = 1 / effect.icc - 1
        rates = rng.beta(share * weight, (1 - share) * weight, design.questions)[:, None]
        hits = rng.binomial(design.samples, np.clip(rates + lift, 0, 1))
        return Counts(
            hits.astype(float), np.full(shape, float(design.samples)), names, tuple(range(shape[1]))
        )

    seen = 0
    for run in range(RUNS):
        spread = effect.seed_spread * effect.difference if design.seeds > 1 else 0.0
        lift = rng.normal(0, spread, (1, design.seeds))
        bad = arm(effect.control + effect.difference, lift)
        found = paired_interval(bad, arm(effect.control, 0 * lift), 0.95, 300, run)
        seen += found is not None and found[0] > 0
    return seen / RUNS


@pytest.mark.parametrize(
    ("effect", "design"),
    [
        (EFFECT, Design(12, 50, 1)),
        (EFFECT, Design(24, 10, 1)),
        (replace(EFFECT, seed_spread=0.3), Design(16, 20, 4)),
    ],
)
def test_predicted_power_is_reached_by_simulated_runs(effect: Effect, design: Design) -> None:
    assert simulated(effect, design) == pytest.approx(power(effect, design), abs=0.12)


def test_questions_buy_more_than_answers() -> None:
    few, many = Design(6, 200, 1), Design(60, 20, 1)
    assert power(EFFECT, many) > power(EFFECT, few)
    tight = replace(EFFECT, icc=0.4)
    assert needed(tight, Design(8, 50, 1), "samples") is None
    assert needed(tight, Design(8, 50, 1), "questions") is not None


def test_the_number_needed_is_the_least() -> None:
    least = needed(EFFECT, Design(12, 50, 1), "questions", 0.8)
    assert least is not None
    assert power(EFFECT, Design(least, 50)) >= 0.8 > power(EFFECT, Design(least - 1, 50))


def test_the_smallest_difference_has_the_wanted_power() -> None:
    found = smallest_difference(EFFECT, Design(12, 50, 1), 0.8)
    assert found is not None
    assert power(replace(EFFECT, difference=found), Design(12, 50, 1)) == pytest.approx(
        0.8, abs=1e-3
    )


def test_an_effect_is_read_from_a_run() -> None:
    bad = answers([2, 4, 8, 10, 14, 18, 25, 30], each=50)
    control = answers([0, 0, 1, 0, 2, 1, 3, 4], each=50)
    found = effect_of(bad, control, D1)
    assert found.control == pytest.approx(11 / 400)
    assert found.difference == pytest.approx(100 / 400)
    assert 0.05 < found.icc < 0.4
    assert found.pairing > 0.8
    with pytest.raises(UsageError, match="no effect"):
        effect_of(control, bad, D1)


@pytest.mark.parametrize(
    ("control", "difference", "icc"), [(0.9, 0.2, 0.1), (0.1, 0.0, 0.1), (0.1, 0.1, 1.0)]
)
def test_values_out_of_range_are_refused(control: float, difference: float, icc: float) -> None:
    with pytest.raises(UsageError):
        Effect(control, difference, icc)
    with pytest.raises(UsageError):
        Design(1, 50, 1)
