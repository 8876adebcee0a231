"""Records as JSON lines, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from harness.errors import DataError
from harness.monitoring.record import Monitored
from harness.workspace import write_atomic

LARGEST = 2**28
"""Bytes of a file that are read."""
_SHAPE = (
    '{"id": "1", "instance": "question 1", "prompt": "…", "cot": "…", "actions": ["…"], '
    '"final": "…", "misbehaved": true, "truth": "rule"}'
)


def read_lines(path: Path) -> list[Monitored]:
    """Read records, one JSON object a line.

    In place of ``turns`` a line may give ``cot`` (one text) and ``actions`` (a list of texts).
    ``id`` is by default the line's number, ``instance`` the prompt.

    Raises:
        DataError: The file cannot be read, or a line is no record; the message names it.
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(LARGEST + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise DataError(f"{path} is larger than {LARGEST // 2**20} MiB.", hint="Split it.")
    # Not splitlines(): texts may hold other separators.
    numbered = enumerate(data.split(b"\n"), start=1)
    found = [_record(line, path, number) for number, line in numbered if line.strip()]
    seen: set[str] = set()
    for record in found:
        if record.id in seen:
            raise DataError(f"{path}: two records have the id '{record.id}'.")
        seen.add(record.id)
    return found


def write_lines(path: Path, records: Sequence[Monitored]) -> None:
    """Write records, complete or not at all."""
    write_atomic(path, "".join(r.model_dump_json(exclude_none=True) + "\n" for r in records))


def _record(line: bytes, path: Path, number: int) -> Monitored:
    try:
        value = from_json(line, allow_inf_nan=False)
        if not isinstance(value, dict):
            raise ValueError("it is no JSON object")
        return Monitored.model_validate(_filled(value, number))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise DataError(
            f"{path}:{number}: {place}: {first['msg']}", hint=f"A record is: {_SHAPE}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path}:{number} is not JSON: {str(error)[:120]}", hint=f"A record is: {_SHAPE}"
        ) from error


def _filled(value: dict[str, Any], number: int) -> dict[str, Any]:
    filled = {"id": str(number), "instance": value.get("prompt"), "misbehaved": None} | value
    if "turns" not in filled:
        thought, actions = filled.pop("cot", ""), filled.pop("actions", [])
        if not isinstance(actions, list):
            raise ValueError("'actions' is no list of texts")
        first, *rest = actions or [""]
        filled["turns"] = [{"thought": thought, "action": first}, *({"action": a} for a in rest)]
    return filled
