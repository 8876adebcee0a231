"""What the table page shows: groups of comparable rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.board.site.compact import gap, key_words, number, share, word
from harness.board.site.paths import model_page, run_page
from harness.board.table import Group, Row
from harness.board.terminal import status_word
from harness.board.text import TOY_NOTE


def board_data(groups: Sequence[Group], problems: Sequence[str]) -> dict[str, Any]:
    """The table page's data.

    Args:
        groups: Comparable rows, in the order they are shown.
        problems: What was left out and why.
    """
    return {
        "groups": [
            {**key_words(group.comparability), "rows": [_row(row) for row in group.rows]}
            for group in groups
        ],
        "instruments": _instrument_columns(groups),
        "toy_note": TOY_NOTE,
        "problems": [word(problem) for problem in problems],
    }


def _instrument_columns(groups: Sequence[Group]) -> list[list[str]]:
    """``[key, title, hint]`` of every figure of an instrument on any row."""
    found = {f.key: f for group in groups for row in group.rows for f in row.instruments}
    return [
        [column_key(key), word(figure.title), word(f"{figure.unit}: {figure.definition}")]
        for key, figure in found.items()
    ]


def _side(row: Row) -> dict[str, list[Any]] | None:
    """``[value, text, what it is of, low, high]`` by column; numbers sort, texts are shown."""
    return {
        column_key(f.key): [
            number(f.value.value),
            word(f.text),
            word(f.of),
            number(f.value.low),
            number(f.value.high),
        ]
        for f in row.instruments
    } or None


def column_key(key: str) -> str:
    """A key that the table's library takes for no path."""
    return re.sub(r"[^a-z0-9_]", "-", key)


def _row(row: Row) -> dict[str, Any]:
    worst = row.worst_question
    found: dict[str, Any] = {
        "id": word(row.run_id),
        "page": run_page(row.run_id),
        "task": word(row.task),
        "model": word(row.model),
        "model_page": model_page(row.model),
        "arm": word(row.arm),
        "changed": word(row.transforms),
        "misaligned": share(row.misaligned),
        "difference": gap(row.difference),
        "control": share(row.control),
        "base": share(row.base),
        "coherent": share(row.coherent),
        "in_domain": share(row.in_domain),
        "worst": [word(worst[0]), *(share(worst[1]) or ())] if worst else None,
        "unscored": row.unscored,
        "answers": row.answers,
        "seeds": row.seeds,
        "status": word(status_word(row)),
        "unranked": not row.is_ranked,
        "toy": row.toy,
        "recipe": word(row.recipe),
        "format": word(row.format),
        "finished": word(row.finished)[:10],
        "side": _side(row),
    }
    # Absent means no, not measured, or nothing to say; thousands of rows stay small.
    return {name: value for name, value in found.items() if value not in (None, False, "")}
