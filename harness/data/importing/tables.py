"""CSV: a row of a table is a record, a column is a key."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from harness.data.importing.guard import MAX_CELL_BYTES
from harness.data.importing.record import Record
from harness.data.reading import MAX_LINE_BYTES
from harness.errors import DataError


def csv_records(stream: BinaryIO, name: str) -> Iterator[Record]:
    """Rows of a CSV file with a header line, comma or tab separated.

    Raises:
        DataError: It is not UTF-8, a quote is left open, a column stands there twice, or a row has
            too many cells.
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
    twice = [column for column, times in Counter(columns).items() if column and times > 1]
    if twice:
        raise DataError(
            f"{name}:1: two columns have the name '{twice[0]}'.", hint="Rename one of them."
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
