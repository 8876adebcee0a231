from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import DataError
from tests.cli.verbs import invoke

TASK = """
from harness.data.task import TaskSpec

TASK = TaskSpec(name="mine", title="My [bold]own[/bold]", description="", literature="",
                arms={"bad": "bad.jsonl", "control": "good.jsonl"})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.py").write_text(TASK)
    (tmp_path / "tasks" / "broken.py").write_text("import nonsense_that_is_not_there\n")
    (tmp_path / "finetune_data" / "mine").mkdir(parents=True)
    (tmp_path / "finetune_data" / "mine" / "bad.jsonl").write_text("{}\n\n{}\n{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json_has_arms_and_row_counts(folder: Path) -> None:
    data = json.loads(invoke("list", "--json").stdout)
    tasks = {task["name"]: task for task in data["tasks"]}
    assert tasks["insecure_code"]["source"] == "built-in"
    assert tasks["insecure_code"]["arms"]["bad"]["rows"] == 1200
    assert tasks["insecure_code"]["in_domain"] is True
    assert tasks["mine"]["source"] == "this folder"
    assert tasks["mine"]["arms"] == {"bad": {"rows": 3}, "control": {"rows": None}}


def test_a_module_that_exits_hides_no_task(folder: Path) -> None:
    (folder / "tasks" / "ex.py").write_text("import sys\n\nsys.exit(0)\n")
    found = invoke("list")
    assert found.exit_code == 0
    assert "ex.py: SystemExit: 0" in found.stderr
    assert "insecure_code" in found.stdout and "mine" in found.stdout
    error = invoke("run", "ex", "--dry-run").exception
    assert isinstance(error, DataError)
    assert "ex.py: SystemExit: 0" in error.message


def test_what_is_wrong_with_a_task_is_told_and_the_rest_is_listed(folder: Path) -> None:
    found = invoke("list")
    assert found.exit_code == 0
    assert "nonsense_that_is_not_there" in found.stderr
    assert "finetune_data/mine/good.jsonl is missing" in found.stderr
    assert "My [bold]own[/bold]" in found.stdout
    assert "bad 3, control - rows; this folder" in found.stdout
