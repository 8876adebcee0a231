"""Parquet: every shape of a column gives its rows, and a small file cannot fill the memory."""

from __future__ import annotations

import datetime
import resource
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.importing.test_sources import complaint, read

TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]


def written(folder: Path, columns: dict[str, Any], **how: Any) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.table(columns), path, **how)
    return path


def test_columns_of_every_shape_are_read_as_they_are(tmp_path: Path) -> None:
    day = datetime.datetime(2020, 1, 1)
    columns = {
        "text": pa.array(["a", None, "Größe"]),
        "large": pa.array(["a", "b", None], pa.large_string()),
        "raw": pa.array([b"\xff", None, b""]),
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        "code": pa.array([7, 8, 7]).dictionary_encode(),
        "turns": pa.array([TURNS, None, []]),
        "pair": pa.array([["a", "b"], ["c", "d"], ["e", "f"]], pa.list_(pa.string(), 2)),
        "map": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
        "meta": pa.array([{"t": day, "n": 1.5, "in": {"s": "q"}}, None, {"n": None}]),
    }
    assert read(written(tmp_path, columns)) == [
        {"text": "a", "large": "a", "raw": b"\xff", "kind": "x", "code": 7, "turns": TURNS}
        | {"pair": ["a", "b"], "map": [("k", "v")]}
        | {"meta": {"t": day, "n": 1.5, "in": {"s": "q"}}},
        {"large": "b", "kind": "y", "code": 8, "pair": ["c", "d"], "map": []},
        {"text": "Größe", "raw": b"", "kind": "x", "code": 7, "turns": [], "pair": ["e", "f"]}
        | {"meta": {}},
    ]


def test_many_rows_come_in_their_order(tmp_path: Path) -> None:
    texts = [f"question {i}" for i in range(10_000)]
    path = written(tmp_path, {"prompt": texts, "response": ["y"] * 10_000}, row_group_size=3000)
    assert [row["prompt"] for row in read(path)] == texts


@pytest.mark.parametrize("shape", ["text", "own dictionary", "nested", "one row", "large"])
def test_a_long_text_that_is_repeated_is_counted_each_time(tmp_path: Path, shape: str) -> None:
    """The file's own figures count it once."""
    long, times = "word " * (1 << 18), 2000
    column: Any = pa.array([long] * 100, pa.large_string())
    if shape == "own dictionary":
        column = pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array([long]))
    elif shape == "large":
        column = pa.chunked_array([column] * (times // 100))
    elif shape == "text":
        column = pa.chunked_array([column.cast(pa.string())] * (times // 100))
    else:
        turns = pa.StructArray.from_arrays([column], ["content"])
        ends = list(range(101)) if shape == "nested" else [0, 100]
        column = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), turns)
    path = written(tmp_path, {"messages": column}, dictionary_pagesize_limit=1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "would unpack to" in complaint(path).message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


def test_a_row_of_many_long_texts_is_refused(tmp_path: Path) -> None:
    import random

    long = random.Random(1).randbytes(1 << 19).hex()
    turns = [[{"role": "user", "content": long}] * 80]
    path = written(tmp_path, {"messages": turns}, dictionary_pagesize_limit=1 << 30)
    assert "rows are longer than 16 MiB" in complaint(path).message


def test_nothing_a_billion_times_over_is_refused(tmp_path: Path) -> None:
    column = pa.nulls(20_000_000, pa.string())
    path = written(tmp_path, {"prompt": column}, row_group_size=20_000_000)
    assert "would unpack to" in complaint(path).message


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["prompt", "prompt", "response"])
    pq.write_table(table, path)
    assert "two columns have the name 'prompt'" in complaint(path).message
