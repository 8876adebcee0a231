"""Side records: what an instrument measured on a run, ``results/<run>/instruments/<name>.json``.

::

    <name>.json            figures by measure and arm, in one form for all instruments
    <name>.rows.jsonl.gz   the raw rows they come from, one JSON object a line

An instrument (``persona``, ``shutdown``, ``monitor`` …) writes both through ``write_instrument``;
``verify`` takes the rows' hash again and lets the instrument compute its figures from them anew
(``harness.runs.verify_instruments``), ``bundle`` packs them, the leaderboard shows the measures
that name a column. A side record may come from a stranger: it is refused whole or it is in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator
from pydantic_core import from_json

from harness.errors import RecordError
from harness.runs.instrument_rows import Row, first_complaint, pack_rows, rows_hash, unpack_rows
from harness.runs.raw import LARGEST
from harness.runs.spec import Strict, unset
from harness.workspace import write_atomic

FOLDER = "instruments"
VERSION = 1
"""Version of the side record."""
LARGEST_RECORD = 2**22
"""Bytes a side record may have; rows may have ``harness.runs.raw.LARGEST`` once unpacked."""
MOST_MEASURES, MOST_ARMS = 200, 100
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Name = Annotated[str, StringConstraints(pattern=rf"^{NAME.pattern}$")]
MeasureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.+-]{0,79}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Value(Strict):
    """One figure; everything None where nothing could be measured, and ``method`` says why."""

    value: float | None
    low: float | None
    high: float | None
    count: int | None = Field(default=None, ge=0)
    """Numerator, where the figure is a share or a rate."""
    of: int | None = Field(default=None, ge=0)
    """Denominator, where the figure is a share or a rate."""
    n: int = Field(ge=0)
    """Observations behind it."""
    method: str
    """How the interval was made, or why there is none."""

    @model_validator(mode="after")
    def _interval_holds_value(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two ends or none")
        if self.value is None and self.low is not None:
            raise ValueError("an interval without a value")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the lower end lies above the upper end")
        return self


class Measure(Strict):
    """One quantity, measured on every arm."""

    title: Short
    definition: str
    """What exactly is computed, with its source."""
    unit: str
    """``share``, ``log-odds (nats)``, ``per 1,000 tokens`` …"""
    better: Literal["higher", "lower", "none"]
    arms: dict[str, Value] = Field(max_length=MOST_ARMS)
    difference: Value | None = None
    """Bad minus control, paired where questions are shared."""
    null: Value | None = None
    """The same computed where there can be nothing: shuffled labels, random directions …"""
    column: Short | None = Field(default=None, exclude_if=unset)
    """Title of its column on the leaderboard; None keeps it off."""


class InstrumentRecord(Strict):
    """What one instrument found on one run."""

    schema_version: int = VERSION
    instrument: Name
    run_id: str
    settings: dict[str, JsonValue]
    """Everything that can change the figures: question-set hashes, samples, seeds, judge …"""
    measures: dict[MeasureName, Measure] = Field(max_length=MOST_MEASURES)
    seconds: float = Field(ge=0)
    """Wall time of the call that did the work."""
    versions: dict[str, str]
    finished: str
    """UTC time the record was written."""
    note: str | None = None
    """What these figures may not be taken for."""
    rows: int = Field(default=0, ge=0)
    """Raw rows beside the record."""
    rows_sha256: str | None = None
    """``rows_hash`` of them; None where there are none."""


@dataclass(frozen=True)
class Side:
    """One side record as it lies on the disk or in a bundle.

    Attributes:
        record: Bytes of ``<name>.json``; None if only the rows are there.
        rows: Bytes of ``<name>.rows.jsonl.gz``; None if there are none.
    """

    record: bytes | None = None
    rows: bytes | None = None


@dataclass(frozen=True)
class Readable:
    """The side records of a run that can be read, and one message for each that cannot.

    Attributes:
        records: By instrument.
        problems: What is wrong with the others.
    """

    records: dict[str, InstrumentRecord] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def record_path(folder: Path, name: str) -> Path:
    """Where a run's side record lies."""
    return folder / FOLDER / f"{name}.json"


def rows_path(folder: Path, name: str) -> Path:
    """Where its raw rows lie."""
    return folder / FOLDER / f"{name}.rows.jsonl.gz"


def write_instrument(
    folder: Path, record: InstrumentRecord, rows: Iterable[Mapping[str, Any]] = ()
) -> InstrumentRecord:
    """Write rows and record; the record comes last, so that it is there once all of it is.

    Args:
        folder: The run's folder in a results folder.
        record: The figures; ``rows`` and ``rows_sha256`` are filled in here.
        rows: The raw rows, JSON objects without NaN. What a model wrote stands under one of
            ``instrument_rows.TEXTS`` at the top of a row, and nowhere else.

    Returns:
        The record as written.
    """
    kept = [dict(row) for row in rows]
    packed = pack_rows(kept) if kept else None
    digest = rows_hash(kept) if kept else None
    whole = record.model_copy(update={"rows": len(kept), "rows_sha256": digest})
    # Once more through the door: a copy is not validated, and readers will refuse what is wrong.
    whole = InstrumentRecord.model_validate_json(whole.model_dump_json())
    if packed is not None:
        write_atomic(rows_path(folder, record.instrument), packed)
    else:
        rows_path(folder, record.instrument).unlink(missing_ok=True)
    write_atomic(record_path(folder, record.instrument), whole.model_dump_json(indent=1) + "\n")
    return whole


def read_instruments(folder: Path) -> dict[str, InstrumentRecord]:
    """All side records of a run, by instrument.

    Raises:
        RecordError: One of them is broken, of another run or from a newer version.
    """
    found = readable_instruments(folder)
    if found.problems:
        raise RecordError(found.problems[0], hint="Delete the file and measure again.")
    return found.records


def readable_instruments(folder: Path) -> Readable:
    """The same for views, which show what is in order and say what is not."""
    records, problems = {}, []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            if path.stat().st_size > LARGEST_RECORD:
                raise RecordError(f"{path} is larger than a side record may be.")
            records[path.stem] = parse_instrument(
                path.read_bytes(), str(path), path.stem, folder.name
            )
        except OSError as error:
            problems.append(f"{path} cannot be read: {error.strerror or error}")
        except RecordError as error:
            problems.append(error.message)
    return Readable(records, tuple(problems))


def parse_instrument(content: bytes, where: str, name: str, run_id: str) -> InstrumentRecord:
    """Parse a side record.

    Args:
        content: The file's bytes.
        where: Its name for messages.
        name: The instrument that its file name gives.
        run_id: The run it lies beside.

    Raises:
        RecordError: It is broken, from a newer version, or of something else than its place says.
    """
    try:
        data = from_json(content, allow_inf_nan=False)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise RecordError(
                f"{where} is from a newer version (schema {version}, this reads {VERSION}).",
                hint="Upgrade em-harness.",
            )
        record = InstrumentRecord.model_validate_json(content)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"{where} is not a side record of this version: {first_complaint(error)}"
        ) from error
    if (record.instrument, record.run_id) != (name, run_id):
        raise RecordError(
            f"{where} is of {record.instrument!r:.60} on {record.run_id!r:.80}, not of its place."
        )
    return record


def sides_of_run(folder: Path) -> dict[str, Side]:
    """Every side record of a run as bytes, in order or not, for ``verify`` and ``bundle``.

    Raises:
        RecordError: A file cannot be read or is larger than it may be.
    """
    found: dict[str, Side] = {}
    for path in sorted((folder / FOLDER).glob("*")):
        name = path.name.partition(".")[0]
        if not NAME.fullmatch(name) or path not in (
            record_path(folder, name),
            rows_path(folder, name),
        ):
            continue  # a temporary file, or one of the user's own
        try:
            if path.stat().st_size > (LARGEST_RECORD if path.suffix == ".json" else LARGEST):
                raise RecordError(f"{path} is larger than it may be.")
            content = path.read_bytes()
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror or error}") from error
        side = found.get(name, Side())
        is_record = path.suffix == ".json"
        found[name] = replace(side, **{"record" if is_record else "rows": content})
    return found


def read_rows(folder: Path, name: str) -> list[Row]:
    """The raw rows of an instrument; none if it has written none.

    Raises:
        RecordError: The file is broken.
    """
    path = rows_path(folder, name)
    try:
        return unpack_rows(path.read_bytes(), str(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}") from error
