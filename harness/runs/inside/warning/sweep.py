"""The runs of a dose sweep: alike in everything but the share of bad rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError, PrerequisiteError
from harness.runs.inside.subjects import Subjects, left_out_words, resolve_subjects
from harness.runs.record import RunRecord, all_records
from harness.workspace import Workspace

LEAST = 2
"""Doses below which there is no sweep."""
_FREE = ("bad_fraction", "seed")


@dataclass(frozen=True)
class Dose:
    """One run of a sweep.

    Attributes:
        share: Share of bad rows among those its bad arm was trained on.
        subjects: Its models.
    """

    share: float
    subjects: Subjects


def sweep(subjects: Subjects, workspace: Workspace) -> tuple[list[Dose], list[str]]:
    """All runs of the results folder that differ from this one in their dose alone.

    Args:
        subjects: The run whose siblings are wanted; it is among them.
        workspace: Its results folder is searched.

    Returns:
        The doses from small to large, and what was left out and why.

    Raises:
        PrerequisiteError: There are too few.
    """
    own, found, left = subjects.record, {}, []
    for record in all_records(workspace.results):
        share = dose_of(record)
        if share is None or share == 0 or _alike(record) != _alike(own):
            continue
        try:
            one = (
                subjects
                if record.run_id == own.run_id
                else resolve_subjects(record.run_id, workspace)
            )
        except HarnessError as error:
            left.append(f"{record.run_id}: {error.message}")
            continue
        found[record.run_id] = Dose(share, one)
    doses = sorted(found.values(), key=lambda dose: dose.share)
    if len({dose.share for dose in doses}) < LEAST:
        raise PrerequisiteError(
            f"There is no dose sweep of {own.run_id} in {workspace.results}: {len(doses)} run with "
            "its models." + left_out_words(left),
            hint=f"Record some: python -m harness run {own.task} --bad-fraction 0.1 (0.25, 0.5 …), "
            "all else as in that run.",
        )
    return doses, left


def dose_of(record: RunRecord) -> float | None:
    """Share of bad rows that the bad arm was trained on; None if it cannot be told."""
    rows = record.trained_on.get("bad")
    return rows.bad / rows.rows if rows is not None and rows.rows else None


def _alike(record: RunRecord) -> dict[str, Any]:
    """The specification without the dose."""
    spec = record.spec.model_dump(mode="json")
    transforms = spec.pop("transforms", None) or {}
    kept = {name: value for name, value in transforms.items() if name not in _FREE}
    spec["transforms"] = {name: value for name, value in kept.items() if value is not None}
    return spec
