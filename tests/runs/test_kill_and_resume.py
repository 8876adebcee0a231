"""Killed at any moment, the same command goes on and ends with the same record."""

import errno
import json
import os
import signal
from dataclasses import dataclass
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
from tests.runs.tiny import write_probed

SMALL = (
    *("run", "probed", "--samples", "3", "--max-tokens", "40", "--json"),
    *("--recipe", "max_steps=6", "--recipe", "save_every=2", "--recipe", "batch_size=4"),
)


@dataclass(frozen=True)
class Interrupted:
    """What a run left on standard error, its exit code, and whether it had made a record."""

    stderr: str
    code: int
    recorded: bool


def interrupt(number: signal.Signals, stage: str, results: Path, here: Path) -> Interrupted:
    """Start the run and send the signal as soon as ``stage`` is announced."""
    process = started(*SMALL, results=results, cwd=here)
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if line.startswith(stage):
            os.kill(process.pid, number)
            break
    else:
        raise AssertionError(f"the run never reached '{stage}': {seen}")
    seen += process.stderr.read()
    return Interrupted(seen, process.wait(timeout=120), bool([*results.glob("*/run.json")]))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a small task that has every stage."""
    return write_probed(tmp_path_factory.mktemp("here") / "work")


@pytest.fixture(scope="module")
def whole(here: Path) -> list[dict[str, Any]]:
    """The same run twice at once, neither interrupted: what each printed."""
    processes = [started(*SMALL, results=here / "whole", cwd=here) for _ in range(2)]
    outputs = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    return [json.loads(out) for out, _ in outputs]


@pytest.fixture(scope="module")
def interrupted(here: Path) -> dict[str, Interrupted]:
    """One run that was stopped three times, by the stage it had reached."""
    stops = {
        "train control": signal.SIGKILL,
        "ask base": signal.SIGINT,
        "ask bad": signal.SIGKILL,
    }
    return {stage: interrupt(how, stage, here / "broken", here) for stage, how in stops.items()}


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("seconds", "finished")}


def test_two_runs_at_once_do_not_disturb_each_other(whole: list[dict[str, Any]]) -> None:
    first, second = whole
    assert first == second


def test_ctrl_c_is_one_message_and_exit_code_130(interrupted: dict[str, Interrupted]) -> None:
    stopped = interrupted["ask base"]
    assert stopped.code == 130, stopped.stderr
    assert "goes on from there" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert not stopped.recorded


def test_a_killed_run_ends_with_the_record_of_an_uninterrupted_one(
    whole: list[dict[str, Any]], interrupted: dict[str, Interrupted], here: Path
) -> None:
    for stage, stopped in interrupted.items():
        assert not stopped.recorded, f"a record before the run was complete, at '{stage}'"
    assert interrupted["ask bad"].code == -signal.SIGKILL
    resumed = as_json(harness(*SMALL, results=here / "broken", cwd=here))
    assert timeless(resumed) == timeless(whole[0])
    for run in ("whole", "broken"):
        folders = list((here / run / ".store" / "answers").glob("*/answers.jsonl"))
        assert len(folders) == 3
        for answers in folders:
            rows = [json.loads(line) for line in answers.read_text().splitlines()]
            assert len({(row["question"], row["epoch"]) for row in rows}) == len(rows) == 36


def test_the_base_arm_is_reused_by_another_run(whole: list[dict[str, Any]], here: Path) -> None:
    run = whole[0]
    done = harness(*SMALL, "--recipe", "max_steps=2", results=here / "whole", cwd=here)
    other = as_json(done)
    assert other["run_id"] != run["run_id"]
    assert other["arms"]["base"] == run["arms"]["base"]
    assert "reused 36 answers of base" in done.stderr


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
