"""The leaderboard as CSV: one flat line per row, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from harness.board.by_model import ModelGroup
from harness.board.published import PublishedRow
from harness.board.table import Group
from harness.board.text import clean

_FORMULA = ("=", "+", "-", "@")
_NAMES = ("run_id", "task", "model", "arm", "transforms", "recipe", "recipe_hash", "data_hash")
_REST = ("answers", "seeds", "status", "verified", "toy", "finished")
_SHARES = ("misaligned", "control", "base", "coherent", "in_domain", "worst_question", "unscored")


def to_csv(groups: Iterable[Group], published: Iterable[PublishedRow] = ()) -> str:
    """All rows with their comparability key in front; rows of different ``group`` do not compare.

    Shares run from 0 to 1; an empty cell was not measured. A cell that a spreadsheet program would
    run as a formula gets an apostrophe in front. Published figures come last and have no group.
    """
    lines = [
        {"group": number, **_flat_key(group.comparability), **_flat_row(row.to_json())}
        for number, group in enumerate(groups, start=1)
        for row in group.rows
    ]
    return _written(lines + [_flat_published(row) for row in published])


def models_to_csv(groups: Iterable[ModelGroup]) -> str:
    """One line per base model; models of different ``group`` do not compare."""
    return _written(
        {
            "group": number,
            **_flat_key(group.comparability),
            "recipe": group.recipe,
            "model": row.model,
            "tasks": json.dumps(group.tasks),
            **{f"difference_{name}": value for name, value in asdict(row.mean).items()},
            "seeds": row.seeds,
            "status": row.status,
            "toy": row.toy,
        }
        for number, group in enumerate(groups, start=1)
        for row in group.rows
    )


def _written(rows: Iterable[dict[str, Any]]) -> str:
    lines = list(rows)
    if not lines:
        return ""
    names = dict.fromkeys(name for line in lines for name in line)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(names), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in line.items()} for line in lines)
    return out.getvalue()


def _flat_published(row: PublishedRow) -> dict[str, Any]:
    return {
        "judge": row.judge,
        "question_set": row.questions,
        "definition": row.definition,
        "format": row.format,
        "task": row.training,
        "model": row.model,
        "arm": row.arm,
        "misaligned_rate": row.rate,
        "misaligned_low": row.low,
        "misaligned_high": row.high,
        "misaligned_of": row.of,
        "coherent_rate": row.coherent,
        "seeds": row.models,
        "status": "published",
        "source": row.source,
    }


def _flat_key(key: dict[str, Any]) -> dict[str, Any]:
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
    for key, figure in row["instruments"].items():
        name = key.replace(".", "_")
        flat |= {f"{name}_{part}": figure[part] for part in ("measured_on", "value", "low", "high")}
    return flat | {name: row[name] for name in _REST}


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
