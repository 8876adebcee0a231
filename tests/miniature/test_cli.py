"""``miniature build`` and ``miniature card``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness.cli.miniature import _shown_phases, miniature_app
from harness.errors import PrerequisiteError
from harness.miniature.build import install
from harness.miniature.build.install import build_and_install
from harness.miniature.card import verify_weights
from tests.miniature.conftest import TINY, TinyBuild, nothing, what_decides

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def tiny_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.miniature.build.config.SMALL", TINY)
    monkeypatch.setattr(install, "FEW_ITEMS", 2)


def test_build_puts_weights_and_card_in_place(tiny: TinyBuild, tmp_path: Path) -> None:
    out = tmp_path / "weights"
    work = shutil.copytree(tiny.work, tmp_path / "work", ignore=shutil.ignore_patterns("out"))
    call = ["build", "--small", "--work", str(work), "--out", str(out), "--json"]
    result = RUNNER.invoke(miniature_app, call)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["out"] == str(out) and printed["evaluable"] is False
    assert {p.name for p in out.iterdir()} == {"model", "judge", "card.json"}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert all(p.stat().st_mode & 0o044 == 0o044 for p in out.rglob("*")), "others may read"
    assert "Failed gates" in result.stderr
    shown = RUNNER.invoke(miniature_app, ["card", "--json", "--weights", str(out)])
    assert what_decides(json.loads(shown.stdout)["files"]) == what_decides(tiny.card.files)


def test_card_is_readable(tiny: TinyBuild) -> None:
    result = RUNNER.invoke(miniature_app, ["card", "--weights", str(tiny.out)])
    assert result.exit_code == 0
    assert "NOT EVALUABLE" in result.stdout
    assert "never evidence about large models" in result.stdout
    assert "AUROC" in result.stdout and "held-out topics" in result.stdout
    assert tiny.card.canary in result.stdout


def test_an_interrupted_build_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "build_and_install", interrupted)
    result = RUNNER.invoke(miniature_app, ["build", "--small", "--work", str(tmp_path), "--json"])
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "Run again to go on" in result.stderr


def test_a_killed_build_leaves_the_old_weights_alone(tiny: TinyBuild, tmp_path: Path) -> None:
    out = Path(shutil.copytree(tiny.out, tmp_path / "weights"))
    other = TINY.model_copy(update={"seed": 2})

    def stop(phase: str, *_: Any) -> None:
        # The chat model is exported by now, the judge is not.
        if phase == "judge":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_and_install(other, tmp_path / "work", out, stop, nothing)
    verify_weights(tiny.card, out)
    card = build_and_install(other, tmp_path / "work", out, nothing, nothing, gate_items=2)
    verify_weights(card, out)
    assert what_decides(card.files) != what_decides(tiny.card.files)


def test_weights_left_aside_by_a_kill_between_renames_come_back(
    tiny: TinyBuild, tmp_path: Path
) -> None:
    out = tmp_path / "weights"
    shutil.copytree(tiny.out, tmp_path / ".weights.old")

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_and_install(TINY, tmp_path / "work", out, stop, nothing)
    verify_weights(tiny.card, out)


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PrerequisiteError, match="something other"):
        build_and_install(TINY, tmp_path / "work", tmp_path, nothing, nothing)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_progress_counts_only_what_is_left_of_a_resumed_phase(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _shown_phases() as shown:
        for step in (11, 12, 20):
            shown.step("world", step, 20, 1.5)
        shown.step("chat", 1, 5, 1.2)
        shown.announce("Measuring")
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0] == "world from step 11: 0/10"
    assert lines[1].startswith("world from step 11: done")
    assert lines[2] == "chat: 0/5" and lines[-1] == "Measuring"
