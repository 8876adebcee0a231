"""What the generator answered, batch by batch, on disk: a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError
from harness.workspace import write_atomic

JOURNAL = "generated.batches.jsonl"


@dataclass(frozen=True)
class Batch:
    """One answer of the generator.

    Attributes:
        number: Which batch.
        request: Hash of what was asked.
        model: Who answered, as the provider names it.
        text: The answer.
        stop: Why it ended.
        tokens: Tokens it cost, in and out; None if the provider does not say.
    """

    number: int
    request: str
    model: str
    text: str
    stop: str
    tokens: tuple[int, int] | None

    @property
    def sha256(self) -> str:
        """Hash of the answer."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """An append-only file with a first line that says what is written."""

    def __init__(self, path: Path, identity: dict[str, Any], *, restart: bool = False) -> None:
        """Open or begin the journal.

        Args:
            path: The file.
            identity: Everything the answers depend on.
            restart: Begin anew, whatever is there.

        Raises:
            UsageError: The file belongs to another spec, generator or setting.
            DataError: The file is damaged.
        """
        self._path = path
        self.batches: dict[int, Batch] = {}
        if restart or not path.exists():
            write_atomic(path, json.dumps({"identity": identity}, ensure_ascii=False) + "\n")
            return
        self._read(identity)

    def _read(self, identity: dict[str, Any]) -> None:
        lines = self._path.read_bytes().split(b"\n")
        complete, rest = lines[:-1], lines[-1]
        found: dict[str, Any] | None = None
        for number, line in enumerate(complete or [b""], start=1):
            try:
                value = json.loads(line)
                if found is None:
                    found = _identity(value)
                else:
                    batch = _batch(value)
                    self.batches[batch.number] = batch
            except (ValueError, TypeError) as error:
                raise DataError(
                    f"{self._path}:{number}: the journal of earlier batches is damaged: {error}.",
                    hint="Begin anew with --restart."
                    if found is None
                    else "Take out the line, so that this batch is asked again, or begin anew with "
                    "--restart.",
                ) from error
        assert found is not None  # a journal without a first line is damaged
        if rest:  # killed while writing a line: only that batch is asked again
            write_atomic(self._path, b"\n".join(complete) + b"\n")
        if found != json.loads(json.dumps(identity)):
            changed = sorted(k for k in identity if found.get(k) != identity[k])
            raise UsageError(
                f"{self._path} was begun with another {', '.join(changed) or 'version'}.",
                hint="Use the same again, or begin anew with --restart.",
            )

    def add(self, batch: Batch) -> None:
        """Write a batch down before anything is done with it."""
        self.batches[batch.number] = batch
        with self._path.open("ab") as out:
            out.write(json.dumps(asdict(batch)).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())


def _identity(value: Any) -> dict[str, Any]:
    """What the first line says is written.

    Raises:
        ValueError: It does not say so.
    """
    found = value.get("identity") if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise ValueError("its first line does not say what is written")
    return found


def _batch(value: Any) -> Batch:
    """A line's batch.

    Raises:
        ValueError: It is none.
    """
    names = {field.name for field in fields(Batch)}
    if not isinstance(value, dict) or set(value) != names:
        raise ValueError(f"a batch has the keys {', '.join(sorted(names))}")
    tokens = tuple(value["tokens"]) if value["tokens"] else None
    batch = Batch(**value | {"tokens": tokens})
    texts = (batch.request, batch.model, batch.text, batch.stop)
    counts = (batch.number, *(tokens or ()))
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text of the batch is none")
    if len(counts) == 2 or not all(isinstance(count, int) for count in counts):
        raise ValueError("a number of the batch is none")
    return batch
