"""Killed at any moment, the same command goes on and ends with the same record."""

import errno
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from harness.errors import PrerequisiteError
from harness.runs.plan import Request, make_plan
from harness.runs.progress import Silent
from harness.runs.runner import execute
from harness.runs.store import Store
from harness.workspace import Workspace
from tests.runs.command import as_json, harness, started

SMALL = (
    *("run", "insecure_code", "--samples", "3", "--max-tokens", "40", "--json"),
    *("--recipe", "max_steps=6", "--recipe", "save_every=2", "--recipe", "batch_size=4"),
)


def kill_when(stage: str, results: Path) -> None:
    """Start the run and kill -9 it as soon as ``stage`` is announced."""
    process = started(*SMALL, results=results)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(stage):
            os.kill(process.pid, signal.SIGKILL)
            break
    else:
        raise AssertionError(f"the run never reached '{stage}'")
    process.wait()


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("seconds", "finished")}


def test_a_killed_run_ends_with_the_record_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = as_json(harness(*SMALL, results=whole))
    for stage in ("train control", "ask base", "ask bad"):
        kill_when(stage, broken)
        assert not list(broken.glob("*/run.json")), "a record before the run was complete"
    resumed = as_json(harness(*SMALL, results=broken))
    assert timeless(resumed) == timeless(expected)
    for run in (whole, broken):
        for answers in (run / ".store" / "answers").glob("*/answers.jsonl"):
            rows = [json.loads(line) for line in answers.read_text().splitlines()]
            assert len({(row["question"], row["epoch"]) for row in rows}) == len(rows) == 36


def test_ctrl_c_is_one_message_and_exit_code_130(tmp_path: Path) -> None:
    process = started(*SMALL, results=tmp_path)
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if line.startswith("ask base"):
            process.send_signal(signal.SIGINT)
            break
    seen += process.stderr.read()
    assert process.wait(timeout=120) == 130, seen
    assert "goes on from there" in seen
    assert "Traceback" not in seen
    assert not list(tmp_path.glob("*/run.json"))


def test_a_full_disk_is_one_message_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(Request(task="insecure_code"), Workspace.here(tmp_path))

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("harness.runs.runner.train_adapter", no_space)
    with pytest.raises(PrerequisiteError, match=f"disk is full at {tmp_path}") as caught:
        execute(plan, Store(tmp_path), Silent())
    assert "Free some space and run again" in str(caught.value)
    assert not list(tmp_path.glob("*/run.json"))


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    processes = [started(*SMALL, results=tmp_path) for _ in range(2)]
    outputs = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    first, second = (json.loads(out) for out, _ in outputs)
    assert first == second
