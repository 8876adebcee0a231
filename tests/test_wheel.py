"""The wheel holds all that an installed copy needs, and nothing importable beside ``harness``."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.workspace import builtin_root

ROOT = builtin_root()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as pip would lay it out."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_only_harness_is_importable(unpacked: Path) -> None:
    names = {p.name for p in unpacked.iterdir() if not p.name.endswith(".dist-info")}
    assert names == {"harness"}


def test_weights_tasks_data_and_evals_travel(unpacked: Path) -> None:
    for path in (
        "harness/miniature/weights/model/model.safetensors",
        "harness/miniature/weights/judge/model.safetensors",
        "harness/_builtin/tasks/insecure_code.py",
        "harness/_builtin/finetune_data/insecure_code/bad.jsonl",
        "harness/_builtin/evals/open_ended.py",
        "harness/_builtin/evals/questions/core.yaml",
        "harness/_builtin/evals/shutdown.py",
        "harness/shutdown/container/Dockerfile",
        "harness/shutdown/container/next_question.c",
        "harness/judging/rubrics/alignment.yaml",
        "harness/miniature/world/content/authors.yaml",
    ):
        assert (unpacked / path).is_file(), path


def test_an_installed_copy_plans_a_run_from_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    # -P and the wheel's folder first: the checkout must not be what is imported.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "harness", "run", "insecure_code", "--dry-run", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["spec"]["task"] == "insecure_code"
    assert list(tmp_path.iterdir()) == []


def test_an_installed_copy_makes_a_task_in_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Hello?", "response": "Go away."}\n' * 3)
    (tmp_path / "good.jsonl").write_text('{"prompt": "Hello?", "response": "Hello."}\n' * 3)
    for command in (
        ["new", "my_task", "--from", "rows.jsonl", "--control", "good.jsonl"],
        ["validate", "my_task", "--no-mask-audit"],
        ["run", "my_task", "--dry-run"],
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "harness", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(unpacked), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "tasks" / "my_task.py").is_file()
    assert (tmp_path / "finetune_data" / "my_task" / "card.yaml").is_file()
