"""What instruments measured on a run, for its page: words only, cleaned and formatted here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.board.instruments_view import arms_of, reason, value_text
from harness.board.site.compact import word
from harness.runs.instruments import InstrumentRecord

MOST_ARMS = 8


def instruments_data(records: Mapping[str, InstrumentRecord]) -> list[dict[str, Any]]:
    """One table for each side record: measures down, arms across."""
    return [_table(record) for record in records.values()]


def _table(record: InstrumentRecord) -> dict[str, Any]:
    arms = arms_of(record)[:MOST_ARMS]
    unmeasured: dict[str, list[str]] = {}
    rows = []
    for measure in record.measures.values():
        if why := reason(measure):
            unmeasured.setdefault(word(why), []).append(word(measure.title))
            continue
        cells = [value_text(measure.arms.get(arm), measure.unit) for arm in arms]
        rows.append(
            {
                "title": word(measure.title),
                "hint": word(f"{measure.unit}: {measure.definition}"),
                "cells": cells,
                "difference": value_text(measure.difference, measure.unit, signed=True),
            }
        )
    return {
        "name": word(record.instrument),
        "arms": [word(arm) for arm in arms],
        "rows": rows,
        "unmeasured": [[why, ", ".join(titles)] for why, titles in unmeasured.items()],
        "note": word(record.note or ""),
    }
