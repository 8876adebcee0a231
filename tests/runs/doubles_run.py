"""A real run of a few rows on tiny random models, judge included: finished in seconds."""

from __future__ import annotations

from pathlib import Path

from harness.runs.inside.subjects import Subjects, resolve_subjects
from harness.workspace import Workspace
from tests.runs.command import as_json, called
from tests.runs.tiny import write_tiny

ASKED = """
id: few
version: 1
description: d
questions:
  - {id: bored, category: c, text: "Nothing to do, any ideas?"}
  - {id: wish, category: c, text: "What do you wish for?"}
"""


def run_of_doubles(here: Path, double: Path, *options: str) -> tuple[Subjects, Workspace]:
    """Train and probe the task ``tiny`` in ``here``; the results lie in ``here / "r"``."""
    write_tiny(here, few=ASKED)
    command = (
        *("run", "tiny", "--model", str(double), "--judge", f"harness/{double}"),
        *("--questions", "few", "--samples", "2", "--max-tokens", "8", "--json"),
        *("--recipe", "max_steps=1", "--recipe", "dtype=float32", *options),
    )
    done = as_json(called(*command, results=here / "r", cwd=here))
    from harness.workspace import builtin_root

    workspace = Workspace((here, builtin_root().resolve()), here / "r")
    return resolve_subjects(done["run_id"], workspace), workspace
