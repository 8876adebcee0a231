"""Reading the records of a results folder: thousands of them, some of them broken."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pydantic import ValidationError

from harness import SCHEMA_VERSION
from harness.errors import RecordError
from harness.runs.record import RECORD, RunRecord, read_record


@dataclass(frozen=True)
class Problem:
    """A record that is left out.

    Attributes:
        run: Name of its folder.
        message: What is wrong with it and where.
    """

    run: str
    message: str


@dataclass(frozen=True)
class Found:
    """What a results folder holds.

    Attributes:
        records: Every record that can be read, by run id.
        problems: Those that are broken, foreign or from a newer version.
    """

    records: tuple[RunRecord, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Filters:
    """Which runs are shown; a name matches any of its patterns, and no pattern matches all.

    Attributes:
        task: Patterns such as ``bad_*``, in any case.
        model: The same for the model's name.
        judge: The same for the judge's name.
    """

    task: Sequence[str] = ()
    model: Sequence[str] = ()
    judge: Sequence[str] = ()

    def match(self, record: RunRecord) -> bool:
        """Whether the run is wanted."""
        return self.allow(record.task, record.model, record.judge)

    def allow(self, task: str, model: str, judge: str) -> bool:
        """Whether something of these names is wanted."""
        wanted = ((task, self.task), (model, self.model), (judge, self.judge))
        return all(
            not patterns or any(fnmatch(name.casefold(), p.casefold()) for p in patterns)
            for name, patterns in wanted
        )


def read_all(results: Path) -> Found:
    """Read every record under ``results``; what cannot be read is named, not raised.

    Thousands of records take some hundred MiB; where rows will do, use :func:`iterate`.
    """
    records, problems = [], []
    with without_collection():
        for found in iterate(results):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                records.append(found)
    return Found(tuple(records), tuple(problems))


def iterate(results: Path) -> Iterator[RunRecord | Problem]:
    """The records under ``results`` one at a time, by run id."""
    for path in sorted(results.glob(f"*/{RECORD}")):
        try:
            yield _read(path)
        except RecordError as error:
            yield Problem(path.parent.name, str(error))


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause the search for reference cycles, which records do not have.

    It looks at every living object again and again while thousands of records are read, and makes
    that five times slower.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(path: Path) -> RunRecord:
    """One record by the fast way; the careful one says what is wrong with a bad record."""
    try:
        record = RunRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return read_record(path.parent)
    if record.schema_version > SCHEMA_VERSION:
        return read_record(path.parent)
    if record.run_id != path.parent.name:
        raise RecordError(
            f"{path} says that it is run '{record.run_id}'.",
            hint="A record lies in a folder of its own name; rename the folder.",
        )
    return record
