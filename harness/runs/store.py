"""Where a run's heavy files lie: content-addressed, shared by all runs of a results folder.

::

    results/<run>/run.json                    the record (small, travels)
    results/<run>/answers.jsonl.gz            its raw answers, from which it can be recomputed
    results/<run>/instruments/<name>.json     what an instrument measured, with its rows beside it
    results/<run>/spec.json                   what was asked for, written first
    results/.store/adapters/<inputs>/         adapter/, training.json
    results/.store/open/<id>.json             which answers a task shares with others
    results/.store/answers/<id>/              answers.jsonl, in_domain.jsonl, Inspect logs
    results/.store/inside/<id>/               activations, directions, latents
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.errors import PrerequisiteError

MINIMUM_FREE = 200 * 2**20
"""Bytes that must be free before a run starts."""


@dataclass(frozen=True)
class Store:
    """Paths inside one results folder."""

    results: Path

    def run(self, run_id: str) -> Path:
        """Folder of a run's record."""
        return self.results / run_id

    def adapter(self, inputs: str) -> Path:
        """Folder of a trained adapter."""
        return self.results / ".store" / "adapters" / inputs[:16]

    def answers(self, answers_id: str) -> Path:
        """Folder of one arm's answers."""
        return self.results / ".store" / "answers" / answers_id

    def open_answers(self, open_id: str) -> Path:
        """Note on which folder holds these open answers."""
        return self.results / ".store" / "open" / f"{open_id}.json"

    def check(self) -> None:
        """See that the folder can be written and has room.

        Raises:
            PrerequisiteError: It is not writable or the disk is full.
        """
        try:
            self.results.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.results).free
        except OSError as error:
            raise PrerequisiteError(
                f"The results folder {self.results} cannot be made: {error.strerror}.",
                hint="Give another with --results.",
            ) from error
        if not os.access(self.results, os.W_OK):
            raise PrerequisiteError(
                f"The results folder {self.results} is not writable.",
                hint="Give another with --results.",
            )
        if free < MINIMUM_FREE:
            raise PrerequisiteError(
                f"Only {free // 2**20} MiB are free at {self.results}; a run needs "
                f"{MINIMUM_FREE // 2**20} MiB.",
                hint="Free some space, or give another folder with --results.",
            )
