"""The leaderboard as CSV: one flat line per row, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from harness.board.table import Group
from harness.board.text import clean

_FORMULA = ("=", "+", "-", "@")
_NAMES = ("run_id", "task", "model", "arm", "recipe", "recipe_hash", "data_hash")
_REST = ("answers", "seeds", "status", "verified", "toy", "finished")
_SHARES = ("misaligned", "control", "base", "coherent", "in_domain", "worst_question", "unscored")


def to_csv(groups: Iterable[Group]) -> str:
    """All rows with their comparability key in front; rows of different ``group`` do not compare.

    Shares run from 0 to 1; an empty cell was not measured. A cell that a spreadsheet program would
    run as a formula gets an apostrophe in front.
    """
    lines = [
        {"group": number, **_flat_key(group), **_flat_row(row.to_json())}
        for number, group in enumerate(groups, start=1)
        for row in group.rows
    ]
    if not lines:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in line.items()} for line in lines)
    return out.getvalue()


def _flat_key(group: Group) -> dict[str, Any]:
    key = group.comparability
    judge = key["judge"]
    return {
        "judge": judge["name"],
        "judge_revision": judge["revision"],
        "judge_weights": judge["weights"],
        "rubrics": json.dumps(key["rubrics"], sort_keys=True),
        **{name: value for name, value in key.items() if name not in ("judge", "rubrics")},
    }


def _flat_row(row: dict[str, Any]) -> dict[str, Any]:
    flat = {name: row[name] for name in _NAMES}
    for name in _SHARES:
        share = row[name] or {}
        if name == "worst_question":
            flat["worst_question_id"] = share.get("id")
        ends = (
            ("rate", "count", "of")
            if name == "unscored"
            else ("rate", "low", "high", "count", "of")
        )
        flat |= {f"{name}_{part}": share.get(part) for part in ends}
    difference = row["difference"] or {}
    flat |= {f"difference_{part}": difference.get(part) for part in ("rate", "low", "high")}
    return flat | {name: row[name] for name in _REST}


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
