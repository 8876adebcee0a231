"""Reading row files, with the line number in every error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pydantic import ValidationError

from harness.data.rows import Row
from harness.errors import DataError

ROW_HINT = (
    'A row is one line: {"prompt": [{"role": "user", "content": "…"}], '
    '"completion": [{"role": "assistant", "content": "…"}], "meta": {}}.'
)
MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is read: a file without line ends must not fill the memory."""
MESSAGES_HINT = 'This is the "messages" form: import the file first, so that each row is split. '


def read_rows(path: Path) -> list[Row]:
    """Read a JSONL file of rows; blank lines are skipped and equal rows are kept.

    Raises:
        DataError: The file is missing, empty or unreadable, or a line is not a row. The message
            starts with ``path:line``.
    """
    rows = list(iterate_rows(path))
    if not rows:
        raise DataError(f"{path}: there are no rows in this file.", hint=ROW_HINT)
    return rows


def iterate_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a JSONL file one at a time, without holding the file in memory.

    Raises:
        DataError: As in :func:`read_rows`, except that a file without rows yields nothing.
    """
    try:
        with path.open("rb") as handle:
            for number, line in iterate_lines(handle, str(path)):
                yield parse_row(line, f"{path}:{number}")
    except OSError as error:
        raise unreadable(path, error) from error


def iterate_lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1; memory stays bounded.

    Args:
        stream: Bytes.
        name: What errors call the stream.

    Raises:
        DataError: A line is longer than ``MAX_LINE_BYTES``.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise DataError(
                f"{name}:{number}: the line is longer than {MAX_LINE_BYTES >> 20} MiB.",
                hint="A JSONL file has one row a line; is this a JSON array or a binary file?",
            )
        if line.strip():
            yield number, line


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex.

    Raises:
        DataError: The file is missing or unreadable.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def parse_object(line: bytes, where: str) -> dict[str, Any]:
    """One line as a JSON object.

    Raises:
        DataError: It is not UTF-8, not JSON, or not an object; the message starts with ``where``.
    """
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: byte {error.start + 1} is not UTF-8.", hint="Save the file as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where}: not JSON: {error.msg} (column {error.colno}).",
            hint=f"Every line is one JSON object. {ROW_HINT}",
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON that can be read: {error}.", hint=ROW_HINT) from error
    if not isinstance(value, dict):
        raise DataError(
            f"{where}: the line holds {_kind(value)}, but a row is a JSON object.", hint=ROW_HINT
        )
    return value


def parse_row(line: bytes, where: str) -> Row:
    """One line as a row.

    Raises:
        DataError: As in :func:`parse_object`, or the object is not a row.
    """
    value = parse_object(line, where)
    try:
        return Row.model_validate(value)
    except ValidationError as error:
        hint = MESSAGES_HINT + ROW_HINT if "messages" in value else ROW_HINT
        raise DataError(f"{where}: {first_complaint(error)}", hint=hint) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def first_complaint(error: ValidationError) -> str:
    """One sentence for the first problem, with the place inside the row."""
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"the key '{place}' is missing."
    if problem["type"] == "extra_forbidden":
        return f"the key '{place}' does not belong in a row."
    message = problem["msg"].removeprefix("Value error, ")
    return f"'{place}': {message}."


def unreadable(path: Path, error: OSError) -> DataError:
    """The error of a file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: there is no such file.", hint="Check the path.")
    return DataError(f"{path}: cannot be read: {error.strerror or error}.", hint="Check the path.")
