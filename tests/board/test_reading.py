from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest

from harness.board.reading import Filters, read_all, without_collection
from harness.runs.record import RECORD, write_record
from tests.board.records import record, spec


def _broken(results: Path) -> dict[str, bytes]:
    """Records that cannot be used, by the words that say why."""
    whole = json.loads(record().model_dump_json())
    gap = whole["difference"]
    return {
        "newer version": json.dumps({"schema_version": 99}).encode(),
        "cannot be read": b"{ not json",
        "not a run record": json.dumps([1, 2, 3]).encode(),
        "Extra inputs": json.dumps(whole | {"eval": "import os"}).encode(),
        "Field required": json.dumps({"schema_version": 1, "name": "another tool's"}).encode(),
        "finite number": json.dumps(whole | {"difference": gap | {"rate": float("nan")}}).encode(),
        "says that it is run": json.dumps(whole).encode(),
        "codec can't decode": b'"\xff\xfe"',
        "hex escape": json.dumps(whole | {"finished": "\ud800"}).encode(),
    }


def test_bad_records_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write_record(tmp_path / record().run_id, record())
    wanted = {}
    for number, (words, content) in enumerate(_broken(tmp_path).items()):
        folder = tmp_path / f"odd-{number}"
        folder.mkdir()
        (folder / RECORD).write_bytes(content)
        wanted[folder.name] = words
    (tmp_path / "folder").mkdir()
    (tmp_path / "directory" / RECORD).mkdir(parents=True)
    found = read_all(tmp_path)
    assert [r.run_id for r in found.records] == [record().run_id]
    problems = {problem.run: problem.message for problem in found.problems}
    assert problems.pop("directory")
    assert problems.keys() == wanted.keys()
    for name, words in wanted.items():
        assert words in problems[name], problems[name]
        assert name in problems[name] and len(problems[name]) < 400


def test_the_fast_way_reads_what_was_written(tmp_path: Path) -> None:
    one = record(plan=spec(arms=("bad", "control", "educational"), seeds=(0, 1)))
    write_record(tmp_path / one.run_id, one)
    assert read_all(tmp_path).records == (one,)


def test_no_folder_no_records(tmp_path: Path) -> None:
    assert read_all(tmp_path / "none").records == ()


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), True),
        (Filters(task=("insecure_code",)), True),
        (Filters(task=("INSECURE_*",)), True),
        (Filters(task=("bad_*", "insecure_*")), True),
        (Filters(task=("insecure",)), False),
        (Filters(task=("insecure_*",), model=("other",)), False),
        (Filters(judge=("*judge",)), True),
    ],
)
def test_filters(filters: Filters, wanted: bool) -> None:
    assert filters.match(record()) is wanted


def test_collection_is_paused_while_reading_and_goes_on_after() -> None:
    assert gc.isenabled()
    with pytest.raises(RuntimeError), without_collection():
        assert not gc.isenabled()  # or thousands of records take five times as long
        raise RuntimeError
    assert gc.isenabled()
