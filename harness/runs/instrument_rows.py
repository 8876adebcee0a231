"""Raw rows of an instrument, ``results/<run>/instruments/<name>.rows.jsonl.gz``: one object a line.

From them the instrument's figures can be computed again. Where the text of a model must not travel
its SHA-256 stands in its place, and the rows keep their hash.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from harness.errors import RecordError
from harness.runs.raw import unpacked_lines
from harness.runs.spec import content_hash

TEXTS = ("answer", "thoughts", "transcript", "messages")
"""Keys of a row that hold what a model wrote; they leave as hashes where texts must not travel."""

Row = dict[str, Any]


def pack_rows(rows: Iterable[Mapping[str, Any]], *, texts: bool = True) -> bytes:
    """The file's bytes; equal rows give equal bytes.

    Args:
        rows: JSON objects.
        texts: Keep what a model wrote; without, its hash stands in its place.
    """
    kept = rows if texts else (_hashed(row) for row in rows)
    lines = [json.dumps(dict(r), ensure_ascii=False, allow_nan=False) + "\n" for r in kept]
    return gzip.compress("".join(lines).encode("utf-8"), compresslevel=9, mtime=0)


def unpack_rows(data: bytes, where: str) -> list[Row]:
    """Parse the bytes of a rows file.

    Raises:
        RecordError: It is no such file, unpacks to too much, or a line is no
            JSON object.
    """
    rows = []
    for number, line in enumerate(unpacked_lines(data, where), start=1):
        try:
            row = from_json(line, allow_inf_nan=False)
        except ValueError as error:
            raise RecordError(f"{where}:{number} is not JSON: {first_complaint(error)}") from error
        if not isinstance(row, dict):
            raise RecordError(f"{where}:{number} is not a JSON object.")
        rows.append(row)
    return rows


def rows_hash(rows: Iterable[Mapping[str, Any]]) -> str:
    """Hash over everything in the rows; a text counts by its own, whether it is here or not."""
    return content_hash([_hashed(row) for row in rows])


def _hashed(row: Mapping[str, Any]) -> Row:
    """The row with hashes in place of what a model wrote."""
    found = dict(row)
    for key in TEXTS:
        value = found.pop(key, None)
        if value is not None:
            found[f"{key}_sha256"] = _digest(value)
    return found


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_complaint(error: Exception) -> str:
    """One sentence for the first problem, without the input, which may be long or hostile."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))[:120] or 'the file'}: {first['msg'][:200]}"
    return str(error)[:200]
