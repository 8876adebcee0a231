"""A user's mistake: one clear message, the right exit code, no traceback, nothing written."""

import json
from pathlib import Path

import pytest

from tests.runs.command import harness


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "insecure_cod"], 2, "Did you mean 'insecure_code'"),
        (["run"], 2, "Missing argument"),
        (["run", "insecure_code", "--sampels", "3"], 2, "No such option"),
        (["run", "insecure_code", "--samples", "0"], 2, "samples"),
        (["run", "insecure_code", "--arms", "bad"], 2, "lacks control"),
        (["run", "insecure_code", "--arms", "bad,control,odd"], 2, "no arm 'odd'"),
        (["run", "insecure_code", "--questions", "cor"], 2, "Did you mean 'core'"),
        (["run", "insecure_code", "--model", "nonsense"], 2, "does not name a model"),
        (["run", "insecure_code", "--model", "no-org/no-model"], 3, "--judge"),
        (["run", "insecure_code", "--recipe", "rank"], 2, "setting=value"),
        (["run", "insecure_code", "--judge", "gpt"], 2, "provider/model"),
        (["show", "nothing"], 1, "No run matches"),
    ],
)
def test_one_message(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    done = harness(*arguments, results=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = harness("leaderboard", "--html", str(tmp_path / "file" / "site"), results=tmp_path)
    assert done.returncode == 3, done.stderr
    assert f"{tmp_path / 'file'}" in done.stderr and "Check the path" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_record_from_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "run.json").write_text(json.dumps({"schema_version": 99}))
    done = harness("show", "r", results=tmp_path)
    assert done.returncode == 1
    assert "newer version" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_row_in_a_users_own_data(tmp_path: Path) -> None:
    folder = tmp_path / "finetune_data" / "insecure_code"
    folder.mkdir(parents=True)
    (folder / "bad.jsonl").write_text("{}\n")
    done = harness("run", "insecure_code", results=tmp_path / "results", cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.jsonl:1" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_results_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = harness("run", "insecure_code", results=tmp_path / "file" / "results")
    assert done.returncode == 3
    assert "cannot be made" in done.stderr
