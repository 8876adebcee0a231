"""The same answers under another judge: ``results/<run>/rescored/<judge>/``, beside the first.

::

    rescored.json         the figures, in the record's own form
    answers.jsonl.gz      the raw rows with the other judge's scores
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import RecordError
from harness.runs.raw import RawProbe, read_raw, write_raw
from harness.runs.record import RunRecord
from harness.runs.spec import ModelIdentity, Strict, content_hash
from harness.workspace import write_atomic

FOLDER, FILE = "rescored", "rescored.json"


class Rescored(Strict):
    """What another judge makes of a run's answers."""

    run: RunRecord
    """The run as it would read with this judge; every view works on it."""
    methods: dict[str, int]
    """How the replies were read, with how many answers each."""
    seconds: float
    finished: str

    @property
    def judge(self) -> ModelIdentity:
        """The other judge."""
        return self.run.spec.judge

    @property
    def name(self) -> str:
        """Name of its folder."""
        spec = self.run.spec
        return folder_name(spec.judge, spec.rubrics, spec.judge_reading)


@dataclass(frozen=True)
class Other:
    """A rescored run as it lies on the disk.

    Attributes:
        figures: Its figures.
        folder: Where they lie.
    """

    figures: Rescored
    folder: Path

    def raw(self) -> list[RawProbe]:
        """The raw rows behind the figures.

        Raises:
            RecordError: They are missing or broken.
        """
        return read_raw(self.folder)


def folder_name(judge: ModelIdentity, rubrics: dict[str, str], reading: str | None) -> str:
    """The judge, and a hash of everything that can change its scores of given answers."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", judge.name).strip("-").lower()
    return f"{slug[-40:]}-{content_hash([judge.model_dump(), rubrics, reading])[:8]}"


def write_rescored(run: Path, found: Rescored, raw: Sequence[RawProbe]) -> None:
    """Write raw rows and figures into the run's folder; the figures come last."""
    folder = run / FOLDER / found.name
    write_raw(folder, raw)
    write_atomic(folder / FILE, found.model_dump_json(indent=1) + "\n")


def read_rescored(run: Path) -> list[Other]:
    """What other judges said of a run, by name; none if no other was asked.

    Raises:
        RecordError: A file is broken.
    """
    return [read_other(path.parent) for path in sorted((run / FOLDER).glob(f"*/{FILE}"))]


def find_rescored(run: Path, name: str) -> Other:
    """The one whose judge's name holds ``name``.

    Raises:
        RecordError: None or several match.
    """
    found = read_rescored(run)
    exact = [one for one in found if one.figures.judge.name == name]
    matches = exact or [one for one in found if name in one.figures.judge.name]
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(one.figures.judge.name for one in found) or "none yet"
    raise RecordError(
        f"{'No' if not matches else 'More than one'} other judge of this run matches '{name}'.",
        hint=f"Other judges: {known}. Ask one: python -m harness rescore RUN --judge NAME",
    )


def read_other(folder: Path) -> Other:
    """One judge's folder.

    Raises:
        RecordError: Its file is missing or broken.
    """
    path = folder / FILE
    try:
        return Other(Rescored.model_validate_json(path.read_text(encoding="utf-8")), folder)
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        first: Any = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise RecordError(
            f"{path} is not a rescored run of this version: {first}",
            hint="Delete its folder and rescore again.",
        ) from error
