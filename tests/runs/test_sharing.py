"""Open answers are shared between tasks, and only while they are what the note says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.runs.sharing import share, shared
from harness.runs.store import Store

ROWS: list[dict[str, Any]] = [{"question": "wish", "epoch": 1, "answer": "A boat.", "alignment": 9}]


def read(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "rows.json").read_text())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in which the folder ``first`` holds the shared answers and their log."""
    store = Store(tmp_path)
    first = store.answers("first")
    (first / "ask").mkdir(parents=True)
    (first / "ask" / "log.eval").write_text("log")
    (first / "rows.json").write_text(json.dumps(ROWS))
    share(store, "open", "first", ROWS)
    return store


def test_another_task_gets_the_rows_and_the_log(store: Store) -> None:
    second = store.answers("second")
    assert shared(store, "open", second, read, "ask") == ROWS
    assert (second / "ask" / "log.eval").read_text() == "log"


def test_other_answers_are_not_shared(store: Store) -> None:
    assert shared(store, "another", store.answers("second"), read, "ask") is None


@pytest.mark.parametrize("damage", ["rows", "gone", "note"])
def test_damaged_answers_are_asked_again(store: Store, damage: str) -> None:
    if damage == "rows":
        (store.answers("first") / "rows.json").write_text(json.dumps([ROWS[0] | {"alignment": 99}]))
    elif damage == "gone":
        (store.answers("first") / "rows.json").unlink()
    else:
        store.open_answers("open").write_text("[1")
    assert shared(store, "open", store.answers("second"), read, "ask") is None
