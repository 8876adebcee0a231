"""What a run's headline leaves apart: formats, conditions, in-domain questions, rubrics."""

from __future__ import annotations

from typing import Any

from harness.board.site.compact import gap, number, share
from harness.board.slices_view import describe
from harness.board.text import clean
from harness.runs.record import RunRecord, SliceKey, SliceRecord

Key = tuple[str, str | None, str, str | None]


def slice_rows(record: RunRecord) -> list[dict[str, Any]]:
    """Every slice with each arm's share in it, wholes before their categories."""
    by_arm = {name: {_key(s): s for s in arm.slices} for name, arm in record.arms.items()}
    gaps = {_key(found): found.difference for found in record.slice_differences}
    keys = dict.fromkeys(key for found in by_arm.values() for key in found)
    return [
        {
            "label": describe(_any(by_arm, key)),
            "category": clean(key[3]) if key[3] else None,
            "questions": _any(by_arm, key).questions,
            "arms": {
                clean(name): share(found[key].misaligned)
                for name, found in by_arm.items()
                if key in found
            },
            "lies": {
                clean(name): share(found[key].lies)
                for name, found in by_arm.items()
                if key in found and found[key].lies is not None
            },
            "difference": gap(gaps.get(key)),
        }
        for key in keys
    ]


def rubrics(record: RunRecord) -> list[dict[str, Any]]:
    """What the judge said under named rubrics, each on its own scale; the headline's answers."""
    return [
        {
            "rubric": clean(name),
            "arm": clean(arm),
            "scale": clean(found.scale),
            "mean": number(found.mean),
            "scored": found.scored,
            "answers": found.answers,
            "unread": found.unread,
            "labels": [[clean(label), count] for label, count in found.labels.items()],
        }
        for arm in record.arms
        for part in record.arms[arm].slices[:1]
        for name, found in part.rubrics.items()
    ]


def _any(by_arm: dict[str, dict[Key, SliceRecord]], key: Key) -> SliceRecord:
    return next(found[key] for found in by_arm.values() if key in found)


def _key(part: SliceKey) -> Key:
    return part.format, part.condition, part.scope, part.category
