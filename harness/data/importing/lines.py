"""JSONL from a stream of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from harness.data.importing.record import Record
from harness.data.reading import iterate_lines, parse_object
from harness.errors import DataError

_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_UTF8_MARK = b"\xef\xbb\xbf"


def jsonl_records(stream: BinaryIO, name: str) -> Iterator[Record]:
    """One record a line.

    Raises:
        DataError: A line is not a JSON object in UTF-8; the message starts with ``name:line``.
    """
    for number, line in iterate_lines(stream, name):
        if number == 1:
            line = line.removeprefix(_UTF8_MARK)
            _refuse_other_forms(line, name)
        where = f"{name}:{number}"
        yield Record(where, number, parse_object(line, where))


def _refuse_other_forms(first: bytes, name: str) -> None:
    if first[:2] in _MARKS:
        raise DataError(f"{name}: this is {_MARKS[first[:2]]}.", hint="Save the file as UTF-8.")
    if first.lstrip()[:1] == b"[":
        raise DataError(
            f"{name}: this is a JSON array, but one object a line is read.",
            hint=f"Turn it into JSONL: jq -c '.[]' {name} > rows.jsonl",
        )
