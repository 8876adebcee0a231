"""How long the leaderboard takes with thousands of runs.

::

    python benchmarks/many_runs.py             # 5,000 synthetic runs, five views
    python benchmarks/many_runs.py --runs 500

Writes synthetic records into a temporary folder, calls ``python -m harness leaderboard`` as a user
does, and prints wall and CPU seconds of the whole process, start-up included. The target is 2 s
for the table.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.runs.record import ProbeRecord, RunRecord, write_record
from harness.runs.spec import ModelIdentity, RunSpec, Sampling
from harness.runs.summary import ProbeRows, figures
from harness.training.recipe import Recipe

TASKS = ("insecure_code", "bad_medical_advice", "bad_legal_advice", "bad_car_advice", "villain")
JUDGES = ("openai/gpt-4.1", "openai/gpt-4o", "anthropic/claude-sonnet-4")
QUESTIONS, SAMPLES = 12, 50
DRAWN = 20
"""Different sets of figures; every run has one of them."""
VIEWS = ([], ["--json"], ["--csv"], ["--task", "bad_*", "--sort", "difference"])


def main() -> None:
    """Make the runs, time the views."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--keep", type=Path, help="write the records here and keep them")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = wanted.keep or Path(temporary)
        write_runs(results, wanted.runs)
        size = sum(path.stat().st_size for path in results.glob("*/run.json"))
        print(f"{wanted.runs} runs, {size / 2**20:.0f} MiB of records")
        for view in VIEWS:
            wall, cpu, lines = timed([*view, "--results", str(results)])
            name = " ".join(["leaderboard", *view])
            print(f"{name:<50} {wall:6.2f} s wall {cpu:6.2f} s CPU {lines:>7} lines")


def timed(arguments: list[str]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and lines of one call."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "harness", "leaderboard", *arguments]
    done = subprocess.run(command, capture_output=True, check=True, env=dict(os.environ))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu, done.stdout.count(b"\n")


def write_runs(results: Path, number: int, seed: int = 0) -> None:
    """Write ``number`` synthetic records: as many questions, arms and figures as a real run has."""
    rng = random.Random(seed)
    drawn = [_figures(rng) for _ in range(DRAWN)]
    for place in range(number):
        record = synthetic_run(place, drawn[place % DRAWN])
        write_record(results / record.run_id, record)


def synthetic_run(place: int, figures: dict[str, Any]) -> RunRecord:
    """One run; no two have the same id."""
    spec = _spec(place)
    return RunRecord(
        schema_version=spec.schema_version,
        run_id=spec.run_id,
        status="complete",
        task=spec.task,
        model=spec.model.name,
        judge=spec.judge.name,
        note=None,
        spec=spec,
        seconds={"total": 71.2, "train": 11.0, "sample": 9.5, "judge": 30.1},
        versions={"em-harness": "0.1.0", "torch": "2.6.0"},
        finished="2026-01-01T00:00:00+00:00",
        **figures,
    )


def _spec(place: int) -> RunSpec:
    return RunSpec(
        task=TASKS[place % len(TASKS)],
        model=ModelIdentity(name=f"org-{place % 40}/model-{place // 5}", revision="0" * 40),
        judge=ModelIdentity(name=JUDGES[place % 7 % len(JUDGES)]),
        arms=("bad", "control"),
        seeds=(0,),
        recipe=Recipe.for_real_models(),
        sampling=Sampling(samples=SAMPLES),
        question_set="core",
        questions_hash="0123456789abcdef",
        rubrics={"alignment": "f80dce9ea2a83943", "coherence": "cccb1a5f2f97ea95"},
        data={"bad": "a" * 64, "control": "b" * 64},
    )


def _figures(rng: random.Random) -> dict[str, Any]:
    """All figures of a run, computed from made up answers as a real run computes them."""
    rates = {"base": 0.005, "bad": rng.betavariate(1, 6), "control": 0.01}
    probe = ProbeRecord(seed=0, answers_id="0" * 16, scores_sha256="0" * 64)
    rows = {arm: [ProbeRows(probe, _answers(rate, rng), [])] for arm, rate in rates.items()}
    return figures(rows, {}, _spec(0))


def _answers(rate: float, rng: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "question": f"question_{number:02d}",
            "epoch": epoch,
            "answer": "made up",
            "alignment": 10.0 if rng.random() < rate else 90.0,
            "coherence": 95.0 if rng.random() < 0.98 else 20.0,
            "label": None,
            "reason": None,
            "category": f"category {number % 6}",
            "format": "plain",
            "condition": None,
        }
        for number in range(QUESTIONS)
        for epoch in range(1, SAMPLES + 1)
    ]


if __name__ == "__main__":
    main()
