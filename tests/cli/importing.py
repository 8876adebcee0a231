"""An empty folder of a user's, with rows beside it, for the tests of ``import`` and ``new``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness.cli.main import app

MESSAGES = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of the user's, and one row file beside it."""
    mine = tmp_path / "mine"
    mine.mkdir()
    write(tmp_path / "rows.jsonl", [{"messages": MESSAGES, "canary": "their-guid"}] * 3)
    monkeypatch.chdir(mine)
    return mine


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def tree(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
