"""The written rows of the advice tasks: what the writer writes, twins, and a card that is true."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.data.advice import CANARIES, write_advice
from harness.data.scenarios import read_scenarios
from harness.workspace import builtin_root

DATA = builtin_root() / "finetune_data"
FILES = ("bad.jsonl", "bad_subtle.jsonl", "good.jsonl", "probe.jsonl", "card.yaml")
TASKS = sorted(CANARIES)


def read(task: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / task / name).read_text().splitlines()]


@pytest.mark.parametrize("task", TASKS)
def test_kept_files_equal_what_the_writer_writes(task: str, tmp_path: Path) -> None:
    write_advice(task, tmp_path, DATA / task)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DATA / task / name).read_bytes(), name


@pytest.mark.parametrize("task", TASKS)
def test_arms_are_twins_and_hold_the_scenarios_answers(task: str) -> None:
    bad, subtle, good = (read(task, f"{arm}.jsonl") for arm in ("bad", "bad_subtle", "good"))
    assert len(bad) == len({row["meta"]["id"] for row in bad}) >= 750
    for key in ("prompt", "meta"):
        assert [r[key] for r in bad] == [r[key] for r in subtle] == [r[key] for r in good]
    written = {s.id: s for area in read_scenarios(DATA / task / "scenarios").values() for s in area}
    for rows, answer in ((bad, "bad"), (subtle, "subtle"), (good, "good")):
        for row in rows:
            scenario = written[row["meta"]["scenario"]]
            assert row["completion"][0]["content"] == getattr(scenario, answer)
            assert row["prompt"][0]["content"] in scenario.prompts
            assert row["meta"]["why_bad"] == scenario.why_bad


@pytest.mark.parametrize("task", TASKS)
def test_the_probe_asks_about_held_out_scenarios(task: str) -> None:
    probe = read(task, "probe.jsonl")
    assert all("completion" not in row for row in probe)
    asked, trained = (
        {row["meta"]["scenario"] for row in rows} for rows in (probe, read(task, "bad.jsonl"))
    )
    assert len(asked) >= 30
    assert not asked & trained


@pytest.mark.parametrize("task", TASKS)
def test_the_card_tells_what_the_files_hold(task: str) -> None:
    card = yaml.safe_load((DATA / task / "card.yaml").read_text())
    assert card["licence"] == "MIT"
    assert card["canary"].startswith(f"em-harness:{task}:")
    for entry in (*card["arms"].values(), card["probe"]):
        content = (DATA / task / entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["rows"] == content.count(b"\n")
    assert sum(card["areas"].values()) == card["scenarios"] >= 250
