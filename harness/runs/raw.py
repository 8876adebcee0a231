"""The raw answers of a run beside its record: ``results/<run>/answers.jsonl.gz``.

One JSON object a line: ``arm``, training ``seed`` (null for the untouched model), ``probe``
(``open`` or ``in_domain``), then the row as it was judged. From this file and nothing else every
figure of the record can be computed again. Where the text of an answer must not travel it is null
and its SHA-256 stands beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from harness.errors import RecordError
from harness.runs.spec import content_hash
from harness.workspace import write_atomic

RAW = "answers.jsonl.gz"
LARGEST = 2**28
"""Bytes that an unpacked file may have; more is taken for a bomb."""
HASH = "answer_sha256"
"""Key of an answer's hash in a row."""
_CHUNK = 2**20
_WHERE = ("arm", "seed", "probe")

Row = dict[str, Any]


@dataclass(frozen=True)
class RawProbe:
    """The raw rows of one arm and training seed.

    Attributes:
        arm: ``base``, ``bad``, ``control`` …
        seed: Training seed, None for the untouched model.
        answers: Judged answers to the open questions.
        in_domain: Answers to the in-domain prompts with their verdicts.
    """

    arm: str
    seed: int | None
    answers: Sequence[Row] = field(default_factory=list)
    in_domain: Sequence[Row] = field(default_factory=list)


class _Line(BaseModel):
    """What every line must hold; other keys are the row's own and pass through."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    arm: str = Field(min_length=1)
    seed: int | None
    probe: Literal["open", "in_domain"]
    question: str
    epoch: int
    answer: str | None
    answer_sha256: str | None = None
    """In place of a text that was taken out."""

    @model_validator(mode="after")
    def _text_or_hash(self) -> Self:
        if (self.answer is None) == (self.answer_sha256 is None):
            raise ValueError("an answer has either its text or the hash of it")
        return self


class _Open(_Line):
    alignment: float | None = Field(ge=0, le=100)
    coherence: float | None = Field(ge=0, le=100)
    label: str | None
    reason: str | None


class _InDomain(_Line):
    bad: bool | None


def rows_hash(answers: Iterable[Row], in_domain: Iterable[Row]) -> str:
    """Hash over everything in the rows of one probe; answers count by their own hash."""
    return content_hash([[_hashed(row) for row in rows] for rows in (answers, in_domain)])


def pack(probes: Iterable[RawProbe], *, texts: bool = True) -> bytes:
    """The file's bytes; equal rows give equal bytes.

    Args:
        probes: All arms and seeds of a run.
        texts: Keep what the model wrote.
    """
    lines = []
    for probe in probes:
        for name, rows in (("open", probe.answers), ("in_domain", probe.in_domain)):
            for row in rows:
                where = {"arm": probe.arm, "seed": probe.seed, "probe": name}
                line = where | (row if texts else _hashed(row) | {"answer": None})
                lines.append(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
    return gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0)


def write_raw(folder: Path, probes: Iterable[RawProbe]) -> None:
    """Write the raw answers of a run beside its record."""
    write_atomic(folder / RAW, pack(probes))


def read_raw(folder: Path) -> list[RawProbe]:
    """Read the raw answers of a run.

    Raises:
        RecordError: There are none, or the file is broken.
    """
    path = folder / RAW
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RecordError(f"There are no raw answers {path}.") from error
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
    return unpack(data, str(path))


def unpack(data: bytes, where: str) -> list[RawProbe]:
    """Parse the bytes of a raw file.

    Args:
        data: The compressed file.
        where: Its name for messages.

    Returns:
        One entry per arm and seed, in the order of the file.

    Raises:
        RecordError: It is no such file, it is too large, or a line lacks something.
    """
    probes: dict[tuple[str, int | None], tuple[list[Row], list[Row]]] = {}
    for number, text in enumerate(unpacked_lines(data, where), start=1):
        line = _parse(text, f"{where}:{number}")
        key = line["arm"], line["seed"]
        answers, in_domain = probes.setdefault(key, ([], []))
        row = {name: value for name, value in line.items() if name not in _WHERE}
        (answers if line["probe"] == "open" else in_domain).append(row)
    return [RawProbe(arm, seed, *rows) for (arm, seed), rows in probes.items()]


def text_hash(answer: str) -> str:
    """SHA-256 of an answer's text."""
    return hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()


def _hashed(row: Row) -> Row:
    """The row with its answer's hash in place of the answer."""
    known = row.get(HASH)
    digest = known if row["answer"] is None else text_hash(row["answer"])
    return {k: v for k, v in row.items() if k != "answer"} | {HASH: digest}


def _parse(text: bytes, where: str) -> Row:
    try:
        value = from_json(text, allow_inf_nan=False)  # refuses lone surrogates, too
        kind = _Open if isinstance(value, Mapping) and value.get("probe") == "open" else _InDomain
        kind.model_validate(value, strict=True)
    except ValueError as error:
        raise RecordError(f"{where} is not an answer of this version: {_short(error)}") from error
    return dict(value)


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"
    return str(error)[:200]


def unpacked_lines(data: bytes, where: str) -> Iterator[bytes]:
    """Lines of a gzip file that may be hostile; empty ones are left out.

    Raises:
        RecordError: It is no gzip file, cut off, or unpacks to more than ``LARGEST`` bytes.
    """
    unpacker = zlib.decompressobj(wbits=31)
    size, rest = 0, b""
    try:
        while data and not unpacker.eof:
            chunk = unpacker.decompress(data, _CHUNK)
            data = unpacker.unconsumed_tail
            size += len(chunk)
            if size > LARGEST:
                raise RecordError(f"{where} unpacks to more than {LARGEST // 2**20} MiB.")
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line for line in lines if line.strip())
    except zlib.error as error:
        raise RecordError(f"{where} is not a gzip file: {error}") from error
    if not unpacker.eof:
        raise RecordError(f"{where} is cut off.")
    if rest.strip():
        yield rest
