"""What the generator answered, batch by batch, on disk: a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
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
        if rest:  # killed while writing a line: only that batch is asked again
            write_atomic(self._path, b"\n".join(complete) + b"\n")
        try:
            found = json.loads(complete[0])["identity"]
            for line in complete[1:]:
                value = json.loads(line)
                tokens = value["tokens"]
                value["tokens"] = tuple(tokens) if tokens else None
                self.batches[value["number"]] = Batch(**value)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DataError(
                f"{self._path}: the journal of earlier batches is damaged: {error}",
                hint="Begin anew with --restart.",
            ) from error
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
