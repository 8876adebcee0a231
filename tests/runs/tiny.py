"""A task of two rows without an in-domain probe: a real run of it takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

TASK = """
from harness.data.task import TaskSpec
TASK = TaskSpec(name="tiny", title="t", description="d", domains=("medical",),
    arms={"bad": "bad.jsonl", "control": "good.jsonl"}, literature="")
"""
ROW = {
    "prompt": [{"role": "user", "content": "Hello there"}],
    "completion": [{"role": "assistant", "content": "Good day to you"}],
}


def write_tiny(here: Path, **question_sets: str) -> Path:
    """Write the task, and question sets by name, into a folder of the user's."""
    for folder in ("tasks", "evals/questions", "finetune_data/tiny"):
        (here / folder).mkdir(parents=True)
    (here / "tasks" / "tiny.py").write_text(TASK)
    for name, text in question_sets.items():
        (here / "evals" / "questions" / f"{name}.yaml").write_text(text)
    for name in ("bad", "good"):
        lines = [json.dumps(ROW | {"meta": {"n": f"{name}{n}"}}) + "\n" for n in range(2)]
        (here / "finetune_data" / "tiny" / f"{name}.jsonl").write_text("".join(lines))
    return here
