from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from harness.stats.definitions import D1, Judged
from harness.stats.differences import difference
from harness.stats.pooling import TaskScores, joint_mean_difference, mean_difference


@dataclass(frozen=True)
class Part:
    rate: float | None
    low: float | None
    high: float | None


def test_each_task_counts_alike() -> None:
    found = mean_difference([Part(0.1, 0.0, 0.2), Part(0.3, 0.2, 0.5)])
    assert found.rate == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.35))
    assert (found.lowest, found.highest, found.of) == (0.1, 0.3, 2)


@pytest.mark.parametrize("parts", [[], [Part(0.1, 0.0, 0.2), Part(None, None, None)]])
def test_a_missing_task_leaves_no_mean(parts: list[Part]) -> None:
    found = mean_difference(parts)
    assert found.rate is found.low is found.high is None
    assert found.method.startswith("none")


def test_a_missing_interval_leaves_the_mean() -> None:
    found = mean_difference([Part(0.1, None, None), Part(0.3, 0.2, 0.5)])
    assert found.rate == pytest.approx(0.2) and found.low is None


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_it_covers_the_true_mean_whatever_the_correlation(correlation: float) -> None:
    """Five tasks with errors that share what the questions bring."""
    tasks, runs = 5, 4000
    rng = np.random.default_rng(1)
    shared, own = rng.standard_normal((runs, 1)), rng.standard_normal((runs, tasks))
    truth, spread = np.linspace(0.05, 0.3, tasks), np.linspace(0.02, 0.06, tasks)
    errors = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
    rates = truth + spread * errors
    covered = 0
    for run in rates[:1000]:
        found = mean_difference(
            [Part(r, r - 1.96 * s, r + 1.96 * s) for r, s in zip(run, spread, strict=True)]
        )
        assert found.low is not None and found.high is not None
        covered += found.low <= truth.mean() <= found.high
    assert covered >= 930  # 95 % with full correlation, more with less
    if correlation == 1.0:
        assert covered <= 970


def _answers(rng: np.random.Generator, rates: np.ndarray, of: int) -> list[Judged]:
    return [
        Judged(f"q{place}", 0, 0.0 if hit else 90.0, 90.0)
        for place, rate in enumerate(rates)
        for hit in rng.random(of) < rate
    ]


@pytest.mark.parametrize("shared", [True, False], ids=["same questions bad", "others bad"])
def test_the_joint_interval_covers_whatever_the_questions_share(shared: bool) -> None:
    """Four tasks, twelve questions; which questions are bad is the same for all tasks, or not."""
    rng = np.random.default_rng(5)
    tasks, questions, of, runs = 4, 12, 20, 150
    covered, joint_width, plain_width = 0, 0.0, 0.0
    for _ in range(runs):
        common = rng.beta(1, 4, questions)
        scores, parts = [], []
        for task in range(tasks):
            rates = common if shared else rng.beta(1, 4, questions)
            bad, control = _answers(rng, rates, of), _answers(rng, rates * 0.1, of)
            scores.append(TaskScores(str(task), bad, control))
            parts.append(difference(bad, control, D1, resamples=200))
        found, plain = joint_mean_difference(scores, parts, D1), mean_difference(parts)
        assert found.low is not None and found.high is not None
        assert plain.low is not None and plain.high is not None
        assert found.rate == pytest.approx(plain.rate)
        covered += found.low <= 0.2 * 0.9 <= found.high
        joint_width += (found.high - found.low) / runs
        plain_width += (plain.high - plain.low) / runs
    assert covered / runs >= 0.9
    assert joint_width < (1.0 if shared else 0.7) * plain_width
