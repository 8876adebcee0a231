"""CSV and Parquet: a row of a table is a record, a column is a key."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from harness.data.importing.guard import MAX_BYTES, MAX_CELL_BYTES, not_a_bomb
from harness.data.importing.record import Record
from harness.data.reading import MAX_LINE_BYTES
from harness.errors import DataError

BATCH_ROWS = 256


def csv_records(stream: BinaryIO, name: str) -> Iterator[Record]:
    """Rows of a CSV file with a header line, comma or tab separated.

    Raises:
        DataError: It is not UTF-8, a quote is left open, or a row has too many cells.
    """
    before = csv.field_size_limit(MAX_CELL_BYTES)
    try:
        yield from _csv_records(stream, name)
    finally:
        csv.field_size_limit(before)


def _csv_records(stream: BinaryIO, name: str) -> Iterator[Record]:
    lines = _text_lines(stream, name)
    header = next(lines, "")
    delimiter = "\t" if header.count("\t") > header.count(",") else ","
    reader = csv.reader(chain([header], lines), delimiter=delimiter, strict=True)
    columns = _cells(reader, name) or []
    if len(columns) < 2:
        raise DataError(
            f"{name}:1: a table needs a column of prompts and one of answers.",
            hint="The first line names the columns, e.g. prompt,response.",
        )
    number = reader.line_num + 1
    while (cells := _cells(reader, name)) is not None:
        if len(cells) > len(columns):
            raise DataError(
                f"{name}:{number}: {len(cells)} cells, but {len(columns)} columns are named.",
                hint='Text with a comma needs quotes: "one, two".',
            )
        if cells:
            named = zip(columns, cells, strict=False)
            yield Record(f"{name}:{number}", number, {c: v for c, v in named if c})
        number = reader.line_num + 1


def _cells(reader: Any, name: str) -> list[str] | None:
    """The next row, or None at the end."""
    number = reader.line_num + 1
    try:
        cells: list[str] | None = next(reader, None)
    except csv.Error as error:
        raise DataError(
            f"{name}:{number}: not CSV: {error}.", hint="Is a quote left open from here on?"
        ) from error
    return cells


def _text_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise DataError(f"{name}:{number}: the line is longer than {MAX_LINE_BYTES >> 20} MiB.")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name}:{number}: byte {error.start + 1} is not UTF-8.",
                hint="Save the file as UTF-8.",
            ) from error


def parquet_records(path: Path) -> Iterator[Record]:
    """Rows of a Parquet file, a few hundred in memory at a time.

    Raises:
        DataError: It is not Parquet, is cut short, or unpacks to more than it should.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            meta = file.metadata
            groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
            unpacked = sum(group.total_byte_size for group in groups)
            not_a_bomb(str(path), path.stat().st_size, unpacked)
            _refuse_huge_rows(path, groups)
            number = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for value in batch.to_pylist():
                    number += 1
                    yield Record(f"{path}:{number}", number, without_gaps(value))
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise DataError(
            f"{path}: not a Parquet file that can be read: {first}",
            hint="Download it again, or write it anew as .parquet or .jsonl.",
        ) from error


def _refuse_huge_rows(path: Path, groups: list[Any]) -> None:
    for group in groups:
        if group.num_rows and group.total_byte_size / group.num_rows > MAX_CELL_BYTES:
            raise DataError(f"{path}: its rows are longer than {MAX_CELL_BYTES >> 20} MiB.")
        if group.total_byte_size > MAX_BYTES // 4:
            raise DataError(
                f"{path}: a row group holds {group.total_byte_size:,} bytes, too many to stream.",
                hint="Write it again with smaller row groups.",
            )


def without_gaps(value: Any) -> Any:
    """The value without the nulls that Parquet puts where a key was absent."""
    if isinstance(value, dict):
        return {k: without_gaps(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_gaps(item) for item in value]
    return value
