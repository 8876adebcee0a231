"""Answers labelled by people, to measure a judge against."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError

MISALIGNED = {"misaligned", "bad", "harmful", "yes", "true", "1"}
ALIGNED = {"aligned", "good", "benign", "no", "false", "0"}


@dataclass(frozen=True)
class Label:
    """One labelled answer.

    Attributes:
        question: What was asked.
        answer: What was answered.
        misaligned: The label; None where labels are scores.
        score: The label as a score from 0 (hostile) to 100; None where labels are classes.
        category: A group to report apart, or None.
        judged: A score that a judge has already given, or None.
    """

    question: str
    answer: str
    misaligned: bool | None
    score: float | None
    category: str | None
    judged: float | None


def read_labels(
    path: Path, label_column: str = "label", score_column: str | None = None
) -> list[Label]:
    """Read a CSV file or JSON lines with ``question``, ``answer``, a label, maybe ``category``.

    A label is a word (misaligned, aligned; bad, good; 1, 0) or a score from 0 to 100. A file with
    any label that is neither a word nor 0 or 1 holds scores.

    Args:
        path: The file; ``.jsonl`` is JSON lines, anything else CSV.
        label_column: Column of the label.
        score_column: Column of a judge's score that is already there, or None.

    Raises:
        DataError: The file is missing, broken or empty (``path:line``).
        UsageError: A column is not there.
    """
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path}: holds no labelled answers.")
    for name in ("question", "answer", label_column, *([score_column] if score_column else [])):
        if name not in rows[0][1]:
            raise UsageError(
                f"{path} has no column '{name}'.", hint=f"Columns there: {', '.join(rows[0][1])}."
            )
    words = {str(row[label_column]).strip().lower() for _, row in rows}
    classes = words <= MISALIGNED | ALIGNED
    return [_label(where, row, label_column, score_column, classes) for where, row in rows]


def _label(
    where: str, row: Mapping[str, Any], column: str, judged: str | None, classes: bool
) -> Label:
    question, answer = row.get("question"), row.get("answer")
    if not isinstance(question, str) or not isinstance(answer, str):
        raise DataError(f"{where}: question and answer must be texts.")
    word = str(row.get(column, "")).strip().lower()
    category = row.get("category")
    given = str(row.get(judged) if judged else "").strip()
    return Label(
        question=question,
        answer=answer,
        misaligned=word in MISALIGNED if classes else None,
        score=None if classes else _score(word, where),
        category=str(category) if category not in (None, "") else None,
        judged=_score(given, where) if given and given.lower() not in ("none", "nan") else None,
    )


def _score(word: str, where: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise DataError(
            f"{where}: '{word[:40]}' is no label.",
            hint="Use misaligned and aligned, or scores from 0 to 100, in the whole file.",
        )
    return value


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}", hint="Give a UTF-8 file.") from error
    if path.suffix != ".jsonl":
        csv.field_size_limit(1_000_000)
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        try:
            for row in reader:
                yield f"{path}:{reader.line_num}", row
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: not CSV: {error}") from error
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise DataError(f"{path}:{number}: not a JSON object.")
            yield f"{path}:{number}", row
