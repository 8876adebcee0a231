"""The JSON object that ``run --json`` and ``show --json`` print; keys are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from harness.runs.record import ArmRecord, RunRecord

STAGES = ("total", "train", "sample", "judge")


def contract(record: RunRecord) -> dict[str, Any]:
    """A run as machines read it.

    A number that was not measured is None, never 0. An arm that the run has not reached is absent.
    """
    return {
        "run_id": record.run_id,
        "status": record.status,
        "task": record.task,
        "model": record.model,
        "judge": record.judge,
        "note": record.note,
        "arms": {name: _arm(arm) for name, arm in record.arms.items()},
        "trained_on": _dumped(record.trained_on),
        "difference": record.difference.model_dump(mode="json"),
        "differences": _dumped(record.differences),
        "cue_differences": {
            k: v.model_dump(mode="json") for k, v in record.cue_differences.items()
        },
        "slice_differences": [d.model_dump(mode="json") for d in record.slice_differences],
        "retries": _retries(record),
        "seconds": {stage: record.seconds.get(stage) for stage in STAGES} | record.seconds,
        "finished": record.finished,
        "schema_version": record.schema_version,
        "versions": record.versions,
        "imported": {k: v.model_dump() for k, v in record.imported.items()}
        if record.imported
        else None,
        "spec": record.spec.model_dump(mode="json"),
    }


def _retries(record: RunRecord) -> dict[str, int]:
    """Calls to an API that failed and were asked again; 0 where everything is local."""
    counts = {"model": 0, "judge": 0}
    for arm in record.arms.values():
        for probe in arm.probes:
            for who, count in probe.retries.items():
                counts[who] += count
    return counts


def _arm(arm: ArmRecord) -> dict[str, Any]:
    return arm.model_dump(mode="json", exclude={"adapters", "probes"})


def _dumped(records: Mapping[str, BaseModel]) -> dict[str, Any]:
    return {name: value.model_dump(mode="json") for name, value in records.items()}
