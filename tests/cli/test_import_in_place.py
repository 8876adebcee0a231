"""What ``import`` puts in place is whole, and what was there stays until then."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DataError, PrerequisiteError
from tests.cli.importing import folder, invoke, tree, write

__all__ = ["folder"]


def test_what_a_killed_import_left_is_cleared(folder: Path) -> None:
    left = folder / "finetune_data" / ".my_task.99999999.tmp"
    left.mkdir(parents=True)
    (left / "bad.jsonl").write_text("half")
    assert invoke("import", "../rows.jsonl", "--as", "my_task").exit_code == 0
    assert not left.exists()


def test_a_task_that_a_killed_import_moved_aside_comes_back(folder: Path) -> None:
    assert invoke("import", "../rows.jsonl", "--as", "my_task").exit_code == 0
    data = folder / "finetune_data" / "my_task"
    whole = {path.name: path.read_bytes() for path in data.iterdir()}
    data.rename(data.with_name(".my_task.99999999.tmp.old"))
    data.with_name(".my_task.99999998.tmp").mkdir()
    (folder.parent / "other.jsonl").write_text("nonsense")
    done = invoke("import", "../other.jsonl", "--as", "my_task", "--replace")
    assert isinstance(done.exception, DataError)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == whole
    assert [path.name for path in data.parent.iterdir()] == ["my_task"]


def test_a_card_that_could_not_be_read_is_not_installed(folder: Path) -> None:
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--licence", "L" * 3_000_000)
    assert isinstance(done.exception, DataError)
    assert "card.yaml could not be read again: larger than 2 MiB" in str(done.exception)
    assert tree(folder) == []


@pytest.mark.parametrize("verb", [("import", "../rows.jsonl", "--as", "t"), ("new", "t")])
@pytest.mark.parametrize("place", ["tasks", "finetune_data", "finetune_data/t", "tasks/t.py"])
def test_what_is_in_the_way_is_named_and_stays(
    folder: Path, place: str, verb: tuple[str, ...]
) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    if place.endswith(".py"):
        (folder / place).mkdir()
    else:
        (folder / place).write_text("mine")
    before = tree(folder)
    error = invoke(*verb, "--replace").exception
    assert isinstance(error, DataError)
    assert f"{place}: this is not a f" in error.message
    assert tree(folder) == before


def test_a_module_that_cannot_be_written_leaves_the_old_task(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.data.importing import install

    def full(path: Path, content: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(install, "write_atomic", full)
        done = invoke("import", "../rows.jsonl", "--as", "my_task")
        assert isinstance(done.exception, PrerequisiteError)
        assert tree(folder) == []
    assert invoke("import", "../rows.jsonl", "--as", "my_task").exit_code == 0
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    write(folder.parent / "rows.jsonl", [{"prompt": "A?", "response": "B"}])
    with monkeypatch.context() as patch:
        patch.setattr(install, "write_atomic", full)
        done = invoke("import", "../rows.jsonl", "--as", "my_task", "--replace")
    assert isinstance(done.exception, PrerequisiteError)
    assert "No space left on device" in done.exception.message
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
