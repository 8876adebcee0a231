from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.errors import HarnessError, UsageError
from harness.runs.record import RunRecord
from tests.cli.verbs import invoke
from tests.runs.made import made_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunRecord]:
    results = tmp_path_factory.mktemp("results")
    return results, made_run(results)


@pytest.fixture
def run(made: tuple[Path, RunRecord], tmp_path: Path) -> Path:
    """A fresh copy of the run in a results folder of its own."""
    return Path(shutil.copytree(made[0] / made[1].run_id, tmp_path / "results" / made[1].run_id))


def _forge(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    record["arms"]["bad"]["misaligned"]["rate"] = 0.0
    (run / "run.json").write_text(json.dumps(record))


def test_an_honest_run_is_verified_and_the_board_says_so(run: Path) -> None:
    assert "verified" not in invoke("leaderboard", "--results", run.parent).stdout
    found = invoke("verify", run.name, "--results", run.parent)
    assert found.exit_code == 0
    assert found.stdout.startswith(f"verified  {run.name}: ")
    assert "verified" in invoke("leaderboard", "--results", run.parent).stdout
    groups = json.loads(invoke("leaderboard", "--json", "--results", run.parent).stdout)["groups"]
    assert groups[0]["rows"][0]["verified"] is True


def test_a_forged_run_is_named_exits_with_1_and_loses_its_mark(run: Path) -> None:
    invoke("verify", run.name, "--results", run.parent)
    _forge(run)
    assert "verified" not in invoke("leaderboard", "--results", run.parent).stdout
    found = invoke("verify", run.name, "--results", run.parent)
    assert found.exit_code == 1
    assert (
        "differs" in found.stdout and "arms.bad.misaligned.rate is recorded as 0.0" in found.stdout
    )
    assert "verified" not in invoke("leaderboard", "--results", run.parent).stdout


def test_json_names_the_run_and_what_differs(run: Path) -> None:
    _forge(run)
    found = invoke("verify", run.name, "--json", "--results", run.parent)
    data = json.loads(found.stdout)
    assert found.exit_code == 1 and data["verified"] is False
    assert data["runs"][0]["run_id"] == run.name
    assert data["runs"][0]["problems"][0].startswith("arms.bad.misaligned.rate")


def test_refresh_writes_the_figures_as_they_are_computed_now(run: Path) -> None:
    before = json.loads((run / "run.json").read_text())
    _forge(run)
    assert invoke("verify", run.name, "--refresh", "--results", run.parent).exit_code == 0
    assert json.loads((run / "run.json").read_text()) == before


def test_all_runs_of_a_folder(run: Path) -> None:
    shutil.copytree(run, run.parent / "stolen-run")
    found = invoke("verify", "--all", "--results", run.parent)
    assert found.exit_code == 1
    assert f"verified  {run.name}" in found.stdout
    assert f"folder is 'stolen-run', but the rest of the record makes it '{run.name}'" in (
        found.stdout
    )


def test_a_bundle_goes_round(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "handed-in.zip"
    packed = invoke("bundle", run.name, "--out", path, "--json", "--results", run.parent)
    assert json.loads(packed.stdout)["run_id"] == run.name
    assert invoke("verify", path, "--results", tmp_path / "elsewhere").exit_code == 0
    assert not (tmp_path / "elsewhere").exists()
    data = bytearray(path.read_bytes())
    place = data.index(b'"misaligned"') if b'"misaligned"' in data else len(data) // 2
    data[place] ^= 0xFF
    path.write_bytes(data)
    found = invoke("verify", path, "--results", tmp_path)
    assert found.exit_code == 1 and "differs" in found.stdout and found.exception is not None


def test_a_hostile_bundle_cannot_steer_the_terminal(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("r/\x1b]0;owned\x07.json", "x")
    found = invoke("verify", tmp_path / "b.zip", "--results", tmp_path)
    assert found.exit_code == 1 and "\x1b" not in found.stdout and "\x07" not in found.stdout


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "no-such-run"], ["bundle", "none"]])
def test_mistakes_are_told(arguments: list[str], tmp_path: Path) -> None:
    found = invoke(*arguments, "--results", tmp_path)
    assert isinstance(found.exception, HarnessError) and not found.stdout


def test_a_bundle_is_not_refreshed(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"")
    found = invoke("verify", tmp_path / "b.zip", "--refresh", "--results", tmp_path)
    assert isinstance(found.exception, UsageError)
