"""What the page of published figures shows: other people's numbers, with their sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.board.published import PublishedRow
from harness.board.published_view import WARNING
from harness.board.text import clean


def published_data(rows: Iterable[PublishedRow]) -> dict[str, Any]:
    """The page's data: one table for each source."""
    tables: dict[str, dict[str, Any]] = {}
    for row in rows:
        table = tables.setdefault(
            row.table,
            {
                "source": clean(row.source),
                "confidence": row.confidence,
                "note": clean(row.note) if row.note else None,
                "rows": [],
            },
        )
        table["rows"].append(_row(row))
    return {"warning": WARNING, "tables": list(tables.values())}


def _row(row: PublishedRow) -> dict[str, Any]:
    asked = [row.questions, row.format if row.format != "plain" else None, row.condition]
    return {
        "model": clean(row.model),
        "task": clean(row.training),
        "arm": clean(row.arm),
        "share": [row.rate, row.low, row.high],
        "coherent": row.coherent,
        "answers": row.of,
        "seeds": row.models,
        "definition": clean(row.definition),
        "judge": clean(row.judge),
        "questions": clean(", ".join(part for part in asked if part)),
    }
