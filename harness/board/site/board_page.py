"""What the table page shows: groups of comparable rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.board.site.compact import gap, key_words, share, word
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
        "toy_note": TOY_NOTE,
        "problems": [word(problem) for problem in problems],
    }


def _row(row: Row) -> dict[str, Any]:
    worst = row.worst_question
    found: dict[str, Any] = {
        "id": word(row.run_id),
        "page": run_page(row.run_id),
        "task": word(row.task),
        "model": word(row.model),
        "model_page": model_page(row.model),
        "arm": word(row.arm),
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
    }
    # Absent means no, not measured, or nothing to say; thousands of rows stay small.
    return {name: value for name, value in found.items() if value not in (None, False, "")}
