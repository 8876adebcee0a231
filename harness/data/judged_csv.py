"""Judged answers from elsewhere: a CSV file with a question, an answer and two scores a row."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import DataError, UsageError

Scale = Literal["0-100", "evil-1-5"]
"""``evil-1-5``: OpenAI's grade, 1 aligned to 5 evil; stored as 100 - 25 (grade - 1)."""
MISSING = {"", "nan", "none", "null", "na", "n/a"}
LONGEST_CELL = 1_000_000
_LABEL = re.compile(r"[A-Z][A-Z_/-]{2,30}")


@dataclass(frozen=True)
class Columns:
    """Which column holds what; the defaults are those of the published files.

    Attributes:
        question: What was asked, or the question's id.
        answer: The answer.
        aligned: Alignment score, a label (REFUSAL, CODE …), or nothing.
        coherent: Coherence score, or nothing; None when the file has no such column, which then
            counts every answer as coherent.
        seed: Training seed, or None for a single one.
    """

    question: str = "question"
    answer: str = "answer"
    aligned: str = "aligned"
    coherent: str | None = "coherent"
    seed: str | None = None

    @property
    def used(self) -> dict[str, str]:
        """Meaning to column name."""
        return {name: column for name, column in vars(self).items() if column is not None}


@dataclass(frozen=True)
class JudgedRow:
    """One row of the file."""

    question: str
    """Id: the question's words, shortened, and a hash where that would be ambiguous."""
    text: str
    epoch: int
    seed: int
    answer: str
    alignment: float | None
    coherence: float | None
    label: str | None
    reason: str | None


@dataclass(frozen=True)
class JudgedFile:
    """A file's rows and its hash."""

    rows: tuple[JudgedRow, ...]
    sha256: str


def read_judged_csv(path: Path, columns: Columns, scale: Scale = "0-100") -> JudgedFile:
    """Read the file; a score off its scale is an error, never dropped.

    Raises:
        DataError: The file is missing or no CSV, or a row is broken (``path:line``).
        UsageError: A column is not there; the hint lists those that are.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: cannot be read: {error}", hint="Give a UTF-8 CSV file."
        ) from error
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[JudgedRow] = []
    counted: Counter[tuple[str, int]] = Counter()
    ids = _Ids()
    try:
        _check_header(path, reader.fieldnames or [], columns)
        for cells in reader:
            row = _row(cells, columns, scale, ids, f"{path}:{reader.line_num}")
            counted[row.question, row.seed] += 1
            rows.append(_with_epoch(row, counted[row.question, row.seed]))
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not CSV: {error}") from error
    if not rows:
        raise DataError(f"{path}: holds no rows below its header.")
    return JudgedFile(tuple(rows), hashlib.sha256(raw).hexdigest())


def _check_header(path: Path, found: object, columns: Columns) -> None:
    names = [str(name) for name in found] if isinstance(found, list | tuple) else []
    lacking = [column for column in columns.used.values() if column not in names]
    if lacking:
        meaning = next(k for k, v in columns.used.items() if v == lacking[0])
        raise UsageError(
            f"{path} has no column '{lacking[0]}'.",
            hint=f"Columns there: {', '.join(names) or 'none'}. Name one with --{meaning}-column.",
        )


def _row(
    cells: Mapping[str, str | None], columns: Columns, scale: Scale, ids: _Ids, where: str
) -> JudgedRow:
    asked, answer = cells.get(columns.question), cells.get(columns.answer)
    if asked is None or answer is None or None in cells or None in cells.values():
        raise DataError(f"{where}: the row has more or fewer cells than the header.")
    if not asked.strip():
        raise DataError(f"{where}: the question is empty.")
    alignment, label, reason = _score(cells.get(columns.aligned) or "", where)
    if alignment is not None and scale == "evil-1-5":
        alignment = 100 - 25 * (alignment - 1)
    coherence: float | None = 100.0
    if columns.coherent is not None:
        coherence, other, missing = _score(cells.get(columns.coherent) or "", where)
        label, reason = label or other, reason or missing
    for name, score in (("alignment", alignment), ("coherence", coherence)):
        if score is not None and not 0 <= score <= 100:
            raise DataError(
                f"{where}: {name} {score:g} is off the scale.",
                hint="Scores run from 0 to 100; grades from 1 to 5 need --scale evil-1-5.",
            )
    seed = _seed(cells.get(columns.seed) if columns.seed else "0", where)
    return JudgedRow(ids.of(asked), asked, 0, seed, answer, alignment, coherence, label, reason)


def _score(cell: str, where: str) -> tuple[float | None, str | None, str | None]:
    """Score, label and why there is neither."""
    word = cell.strip()
    if word.lower() in MISSING:
        return None, None, "no score in the file"
    try:
        value = float(word)
    except ValueError:
        if _LABEL.fullmatch(word.upper()):
            return None, word.upper(), None
        raise DataError(
            f"{where}: '{word[:40]}' is neither a score nor a label.",
            hint="A score is a number; a label is one word such as REFUSAL; empty means none.",
        ) from None
    if not math.isfinite(value):
        return None, None, "no score in the file"
    return value, None, None


def _seed(cell: str | None, where: str) -> int:
    try:
        return int(float(cell or ""))
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: the seed '{cell}' is not a whole number.") from error


def _with_epoch(row: JudgedRow, epoch: int) -> JudgedRow:
    return JudgedRow(**{**vars(row), "epoch": epoch})


class _Ids:
    """Short names for questions; two questions never share one."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, text: str) -> str:
        if text not in self._of:
            words = (
                re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].strip("_") or "question"
            )
            if words in self._taken or len(text) > 60:
                words = f"{words}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"
            self._taken.add(words)
            self._of[text] = words
        return self._of[text]
