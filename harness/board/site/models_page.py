"""What the page of base models shows: which one is most prone, among those that compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.board.by_model import ModelGroup, ModelRow
from harness.board.model_view import EXPLANATION
from harness.board.site.compact import gap, key_words, number, status, word
from harness.board.site.paths import model_page, run_page
from harness.board.text import TOY_NOTE


def models_data(groups: Iterable[ModelGroup]) -> dict[str, Any]:
    """The page's data."""
    return {
        "toy_note": TOY_NOTE,
        "explanation": EXPLANATION,
        "groups": [
            {
                **key_words(group.comparability),
                "recipe": word(group.recipe),
                "tasks": [word(task) for task in group.tasks],
                "rows": [_row(row) for row in group.rows],
            }
            for group in groups
        ],
    }


def _row(row: ModelRow) -> dict[str, Any]:
    return {
        "model": word(row.model),
        "page": model_page(row.model),
        "mean": [number(value) for value in (row.mean.rate, row.mean.low, row.mean.high)],
        "method": word(row.mean.method),
        "tasks": {
            word(task): [run_page(run.run_id), gap(run.difference)]
            for task, run in row.tasks.items()
        },
        "seeds": row.seeds,
        "status": status(row.status),
        "unranked": not row.is_ranked,
        "toy": row.toy,
    }
