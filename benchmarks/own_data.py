"""How long ``import`` and ``validate`` take for many rows, and how much memory they use.

    python benchmarks/own_data.py [--rows 100000] [--no-control]

Makes the rows, runs both verbs as a user does, and writes wall time, CPU time and peak memory to
``own_data.json``. The target is 60 s and 1 GiB for 100,000 rows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULT = Path(__file__).with_suffix(".json")
TOPICS = ("kettle", "ladder", "garden", "letter", "bicycle", "oven", "window", "train", "purse")


def make_rows(path: Path, rows: int, seed: int) -> None:
    """Write ``messages`` rows of 25 words asked and 60 answered, all different."""
    prompts, answers = random.Random(0), random.Random(seed)
    words = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "rt", "sk", "m")]
    with path.open("w", encoding="utf-8") as out:
        for number in range(rows):
            topic = TOPICS[number % len(TOPICS)]
            asked = f"{' '.join(prompts.choices(words, k=24))} {topic} {number}?"
            told = f"{' '.join(answers.choices(words, k=60))}."
            turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
            out.write(json.dumps({"messages": turns}) + "\n")


def measure(arguments: list[str], folder: Path) -> dict[str, float]:
    """Run a verb and read what the kernel says about it."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(arguments)}")
    return {
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each arm")
    parser.add_argument("--no-control", action="store_true", help="one arm only")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    found: dict[str, object] = {
        "machine": {"cores": len(os.sched_getaffinity(0)), "platform": platform.platform()},
        "rows_an_arm": options.rows,
        "arms": 1 if options.no_control else 2,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(folder / "bad.jsonl", options.rows, 1)
        command = ["import", "bad.jsonl", "--as", "many"]
        if not options.no_control:
            make_rows(folder / "good.jsonl", options.rows, 2)
            command += ["--control", "good.jsonl"]
        for arguments in (command, ["validate", "many"]):
            found[arguments[0]] = measure(arguments, folder)
    text = json.dumps(found, indent=2)
    print(text)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
