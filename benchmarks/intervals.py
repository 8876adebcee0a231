"""Time of the intervals: 10,000 answers with 10,000 resamples, in seconds of CPU time.

::

    python benchmarks/intervals.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from harness.stats.agreement import krippendorff
from harness.stats.calibration import Labelled, calibrate
from harness.stats.curve import cutoff_curve
from harness.stats.definitions import D1, D5, Judged
from harness.stats.differences import difference
from harness.stats.rates import rate

ANSWERS, RESAMPLES = 10_000, 10_000
DESIGNS = ((8, 1), (12, 5), (60, 5), (200, 5))
"""Questions and training seeds."""


def rows(questions: int, seeds: int, share: float, seed: int) -> list[Judged]:
    """Answers spread evenly over questions and seeds; question rates spread around ``share``."""
    rng = np.random.default_rng(seed)
    rates = rng.beta(share * 4, (1 - share) * 4, questions)
    return [
        Judged(f"q{i % questions}", i // questions % seeds, 5.0 if bad else 95.0, 90.0)
        for i, bad in enumerate(rng.random(ANSWERS) < rates[np.arange(ANSWERS) % questions])
    ]


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one call, the fastest of three."""
    found = []
    for _ in range(3):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def main() -> None:
    """Print a table."""
    print(f"{ANSWERS} answers, {RESAMPLES} resamples, seconds of CPU time")
    print(f"{'questions':>9} {'seeds':>5} {'rate':>7} {'difference':>10} {'any of k':>8}")
    for questions, seeds in DESIGNS:
        bad, control = rows(questions, seeds, 0.2, 0), rows(questions, seeds, 0.02, 1)
        cells = (
            seconds(lambda bad=bad: rate(bad, D1, resamples=RESAMPLES)),
            seconds(lambda b=bad, c=control: difference(b, c, D1, resamples=RESAMPLES)),
            seconds(lambda bad=bad: rate(bad, D5, resamples=RESAMPLES)),
        )
        print(f"{questions:9} {seeds:5} " + " ".join(f"{cell:8.3f}" for cell in cells))
    bad = rows(12, 5, 0.2, 0)
    print(f"curve over 19 cut-offs {seconds(lambda: cutoff_curve(bad, D1)):.3f}")
    rng = np.random.default_rng(0)
    names = [f"q{i % 12}" for i in range(ANSWERS)]
    panel = rng.uniform(0, 100, (ANSWERS, 3))
    print(f"alpha of 3 judges {seconds(lambda: krippendorff(panel, names)):.3f}")
    labelled = [
        Labelled(name, "words", bool(score < 30), None, float(score))
        for name, score in zip(names, panel[:, 0], strict=True)
    ]
    print(f"calibration {seconds(lambda: calibrate(labelled)):.3f}")


if __name__ == "__main__":
    main()
