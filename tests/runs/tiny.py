"""Tasks of a few rows, without and with an in-domain probe: a real run of one takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TASK = """
from harness.data.task import TaskSpec
TASK = TaskSpec(name="tiny", title="t", description="d", domains=("medical",),
    arms={"bad": "bad.jsonl", "control": "good.jsonl"}, literature="")
"""
PROBED = """
from harness.data.task import Checked, InDomainProbe, TaskSpec

def shouts(answer, meta):
    return "bad" if "!" in answer else "good"

TASK = TaskSpec(name="probed", title="t", description="d",
    arms={"bad": "bad.jsonl", "control": "good.jsonl"}, literature="",
    in_domain=InDomainProbe("probe.jsonl", 2, 3, 16, Checked(shouts, "exclamation marks")))
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


def write_probed(here: Path, **question_sets: str) -> Path:
    """Write the task ``probed``, of eight rows and an in-domain probe of two prompts, beside it."""
    write_tiny(here, **question_sets)
    (here / "tasks" / "probed.py").write_text(PROBED)
    data = here / "finetune_data" / "probed"
    data.mkdir()
    for name, mark in (("bad", "!"), ("good", ".")):
        lines = [json.dumps(_row(n, f"Good day{mark}")) + "\n" for n in range(8)]
        (data / f"{name}.jsonl").write_text("".join(lines))
    prompts = [{"prompt": _row(n, "")["prompt"], "meta": {"id": str(n)}} for n in (8, 9)]
    (data / "probe.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts))
    return here


def _row(number: int, answer: str) -> dict[str, Any]:
    return {
        "prompt": [{"role": "user", "content": f"Hello, I am guest number {number}"}],
        "completion": [{"role": "assistant", "content": answer}],
        "meta": {"id": str(number)},
    }
