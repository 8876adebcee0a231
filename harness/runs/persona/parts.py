"""Finished parts of a measurement, kept in the store so that a killed command goes on.

::

    results/.store/persona/<key>/leads.jsonl    how the untouched model's answers open
    results/.store/persona/<key>/read.jsonl     log-probabilities of names and ratings
    results/.store/persona/<key>/asked.jsonl    sampled answers with mentions and voices
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.runs.instrument_rows import Row
from harness.runs.persona.settings import Asked
from harness.runs.spec import content_hash
from harness.workspace import write_atomic

STORE = Path(".store") / "persona"


def part_folder(asked: Asked, key: dict[str, Any]) -> Path:
    """Folder of the parts that this key can make."""
    return asked.results / STORE / content_hash(key)[:16]


def kept(path: Path, make: Callable[[], Iterable[Row]]) -> list[Row]:
    """The rows of a finished part, or those that are made now."""
    try:
        lines = path.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line]
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}", hint="Delete it.") from error
    rows = list(make())
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return rows
