"""What monitors see in thoughts that the miniature writes under its authors' names.

::

    python benchmarks/monitor_acted.py    # half a minute; writes benchmarks/monitor_acted.json

Runs ``python -m harness monitor acted --json`` and keeps areas, recall at both rates of false
positives (overall and by group of authors) and the paired differences between scopes, each with
counts and interval. The README's figures on chain-of-thought monitoring are these.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).with_suffix(".json")
COMMAND = ("-m", "harness", "monitor", "acted", "--json")
KEPT = ("monitor", "scope", "auroc", "at", "groups")
AT = ("rate", "recall", "false_positives")
"""Calibration, cost, stress tests and lead times are in the verb's own output."""


def main() -> None:
    """Measure and write."""
    done = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, check=True)
    (found,) = json.loads(done.stdout)["kinds"]
    kept = {
        "command": "python -m harness monitor acted --json",
        "counts": found["counts"],
        "seed": found["rng_seed"],
        "resamples": found["resamples"],
        "cells": [_cell(cell) for cell in found["cells"]],
        "gaps": found["gaps"],
    }
    OUT.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {name: cell[name] for name in KEPT}
    kept["at"] = [{name: one[name] for name in AT} for one in cell["at"]]
    return kept


if __name__ == "__main__":
    main()
