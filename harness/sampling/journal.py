"""Answers that survive a kill: an append-only file of finished answers."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.sampling.settings import Completion, SamplingSettings, StopReason


class JournalLine(BaseModel):
    """One finished answer as written to disk."""

    model_config = ConfigDict(extra="forbid")

    key: str
    text: str
    tokens: int
    stop_reason: StopReason
    thoughts: str = ""


class Journal:
    """Finished answers by key, appended a group at a time.

    A group is written and synced at once, so a kill loses whole groups. A line torn by a kill is
    skipped on reading and its answer sampled again.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal; the file need not exist."""
        self.path = path
        self._lock = threading.Lock()
        self._answers = dict(_read(path))

    def __len__(self) -> int:
        """Number of answers."""
        return len(self._answers)

    def get(self, key: str) -> Completion | None:
        """The answer of that key, or None."""
        return self._answers.get(key)

    def append(self, answers: Mapping[str, Completion]) -> None:
        """Add a group of answers; those already there are left as they are."""
        with self._lock:
            new = {key: value for key, value in answers.items() if key not in self._answers}
            if new:
                self._write("".join(_line(key, value) for key, value in new.items()))
                self._answers.update(new)

    def _write(self, lines: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as handle:
            if handle.tell():
                handle.seek(-1, os.SEEK_END)
                # A torn line is left behind as a line of its own.
                lines = lines if handle.read(1) == b"\n" else "\n" + lines
            handle.write(lines.encode())
            handle.flush()
            os.fsync(handle.fileno())


def answer_key(
    identity: str,
    prompt_ids: Sequence[int],
    settings: SamplingSettings,
    ends: frozenset[int],
    seed: int,
) -> str:
    """Key of an answer: the hash of everything that decides it.

    Args:
        identity: The model's, see ``harness.sampling.model_cache.model_identity``.
        prompt_ids: The prompt.
        settings: How it is sampled.
        ends: The token ids that end an answer.
        seed: The answer's seed.
    """
    fields = [
        identity,
        list(prompt_ids),
        [settings.temperature, settings.top_p, settings.top_k, settings.max_tokens],
        sorted(ends),
        seed,
    ]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _line(key: str, answer: Completion) -> str:
    line = JournalLine(
        key=key,
        text=answer.text,
        tokens=answer.tokens,
        stop_reason=answer.stop_reason,
        thoughts=answer.thoughts,
    )
    return line.model_dump_json() + "\n"


def _read(path: Path) -> list[tuple[str, Completion]]:
    if not path.is_file():
        return []
    found = []
    for raw in path.read_bytes().split(b"\n"):
        try:
            line = JournalLine.model_validate_json(raw)
        except ValidationError:
            continue
        found.append(
            (line.key, Completion(line.text, line.tokens, line.stop_reason, line.thoughts))
        )
    return found
