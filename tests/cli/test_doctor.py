from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from harness.cli import checks
from harness.cli.checks import Check
from harness.errors import PrerequisiteError
from harness.miniature.card import shipped_card
from harness.workspace import MINIATURE_WEIGHTS, Workspace
from tests.cli.verbs import invoke


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    hashes = {"model/model.safetensors": hashlib.sha256(b"weights").hexdigest()}
    # The shipped card's form, so that the check cannot drift from what builds write.
    card = json.loads((MINIATURE_WEIGHTS / "card.json").read_text()) | {"files": hashes}
    card["gates"] = [gate for gate in card["gates"] if gate["passed"]]
    (tmp_path / "card.json").write_text(json.dumps(card))
    return tmp_path


def test_the_shipped_weights_are_those_of_their_card() -> None:
    found = checks.miniature(MINIATURE_WEIGHTS)
    assert found.state == ("ok" if shipped_card().is_evaluable else "warn"), found


def test_weights_that_match_their_card_are_ok(weights: Path) -> None:
    assert checks.miniature(weights).state == "ok"


def test_changed_weights_fail_and_are_named(weights: Path) -> None:
    (weights / "model" / "model.safetensors").write_bytes(b"other")
    found = checks.miniature(weights)
    assert found.state == "fail" and "model/model.safetensors" in found.found
    assert found.mend is not None and "miniature build" in found.mend


@pytest.mark.parametrize("missing", ["card.json", "model/model.safetensors"])
def test_missing_files_fail_and_are_named(missing: str, weights: Path) -> None:
    (weights / missing).unlink()
    found = checks.miniature(weights)
    assert found.state == "fail" and missing in found.found


def test_a_build_that_failed_its_gates_is_a_warning_that_names_them(weights: Path) -> None:
    card = json.loads((weights / "card.json").read_text())
    shipped = json.loads((MINIATURE_WEIGHTS / "card.json").read_text())["gates"]
    gate = next(gate for gate in shipped if gate["id"] == "assistant_coherent")
    card["gates"] += [gate | {"value": 0.5, "passed": False}]
    (weights / "card.json").write_text(json.dumps(card))
    found = checks.miniature(weights)
    assert found.state == "warn" and "assistant_coherent" in found.found
    assert found.mend is not None and "--model" in found.mend


@pytest.mark.parametrize("card", ["{", "[]", "{}", '{"files": {}}', '{"files": 3}'])
def test_a_card_that_says_nothing_fails(card: str, weights: Path) -> None:
    (weights / "card.json").write_text(card)
    assert checks.miniature(weights).state == "fail"


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.installed("typer").state == "ok"
    gone = checks.installed("no-such-package-here")
    assert gone.state == "fail" and gone.mend == "pip install 'no-such-package-here'"
    monkeypatch.setattr(checks, "_requirement", lambda package: ">=999")
    old = checks.installed("typer")
    assert old.state == "warn" and old.mend == "pip install 'typer>=999'"


def test_results_folder_is_tried_but_not_made(tmp_path: Path) -> None:
    assert checks.writable(tmp_path / "a" / "results").state == "ok"
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    assert checks.writable(tmp_path / "file").state == "fail"


def test_disk_and_memory_thresholds(tmp_path: Path) -> None:
    assert checks.disk(tmp_path, needed=0, advised=0).state == "ok"
    assert checks.disk(tmp_path, needed=0, advised=1e9).state == "warn"
    assert checks.disk(tmp_path, needed=1e9).state == "fail"
    assert checks.memory(needed=0).state == "ok"


def test_a_folder_without_tasks_fails(tmp_path: Path) -> None:
    found = checks.tasks(Workspace(layers=(tmp_path,), results=tmp_path))
    assert found.state == "fail" and "0 tasks" in found.found


def test_offline_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "true")
    assert checks.hub().found.startswith("offline")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert checks.hub().found.startswith("online")


def test_torch_that_cannot_be_imported_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert checks.accelerator().state == "fail"


def test_a_failure_exits_with_3_after_all_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Check("one", "fail", "gone", "mend it"), Check("two", "warn", "hm"),
             Check("three", "ok", "[bold]")]  # fmt: skip
    monkeypatch.setattr(checks, "all_checks", lambda workspace: iter(found))
    done = invoke("doctor")
    assert isinstance(done.exception, PrerequisiteError) and done.exception.exit_code == 3
    assert "mend it" in done.stdout and "[bold]" in done.stdout
    data = json.loads(invoke("doctor", "--json").stdout)
    assert data["ok"] is False
    assert [check["state"] for check in data["checks"]] == ["fail", "warn", "ok"]


def test_warnings_alone_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Check("two", "warn", "hm", "mend")]
    monkeypatch.setattr(checks, "all_checks", lambda workspace: iter(found))
    assert invoke("doctor").exit_code == 0
