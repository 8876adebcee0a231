"""Judged answers from elsewhere as a run record, so that every table and plot works on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import SCHEMA_VERSION, __version__
from harness.data.judged_csv import Columns, JudgedFile, Scale, read_judged_csv
from harness.errors import UsageError
from harness.runs.probe import ANSWERS
from harness.runs.raw import rows_hash, write_raw
from harness.runs.record import ImportedFile, ProbeRecord, RunRecord, write_record
from harness.runs.spec import ModelIdentity, RunSpec, Sampling, content_hash
from harness.runs.store import Store
from harness.runs.summary import ProbeRows, figures, raw_probes
from harness.stats.definitions import Definition
from harness.workspace import write_atomic


@dataclass(frozen=True)
class Import:
    """What is imported, as stated by the user.

    Attributes:
        name: Name of the run, shown as its task.
        files: Arm (``bad``, ``control``, ``base`` …) to its file.
        columns: Which column holds what.
        scale: Scale of the alignment scores.
        definition: Which answers the headline counts.
        model: Whose answers they are.
        judge: Who scored them.
        question_set: What was asked.
        temperature: How they were sampled.
        top_p: The same.
        max_tokens: The same.
    """

    name: str
    files: Mapping[str, Path]
    columns: Columns
    scale: Scale
    definition: Definition
    model: str = "unknown"
    judge: str = "unknown"
    question_set: str = "imported"
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 600


def import_answers(request: Import, store: Store) -> RunRecord:
    """Read the files, store their rows like sampled ones, and write the record.

    Importing the same files again gives the same run.

    Raises:
        DataError: A file is broken.
        UsageError: A column or a setting makes no sense.
        PrerequisiteError: The results folder cannot be written.
    """
    if not request.files:
        raise UsageError("There is nothing to import.", hint="Give a CSV file.")
    read = {
        arm: read_judged_csv(path, request.columns, request.scale)
        for arm, path in request.files.items()
    }
    store.check()
    probes = {arm: _store_rows(found, store) for arm, found in read.items()}
    spec = _spec(request, read)
    record = RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=spec.run_id,
        status="imported",
        task=request.name,
        model=request.model,
        judge=request.judge,
        note=None,
        spec=spec,
        seconds={},
        versions={"em-harness": __version__},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        imported={
            arm: ImportedFile(
                name=path.name,
                sha256=read[arm].sha256,
                rows=len(read[arm].rows),
                columns=request.columns.used,
            )
            for arm, path in request.files.items()
        },
        **figures(probes, {}, spec, request.definition),
    )
    write_raw(store.run(spec.run_id), raw_probes(probes))
    write_record(store.run(spec.run_id), record)
    return record


def _spec(request: Import, read: Mapping[str, JudgedFile]) -> RunSpec:
    rows = [row for found in read.values() for row in found.rows]
    asked = sorted({(row.question, row.text) for row in rows})
    data = {arm: found.sha256 for arm, found in read.items()}
    data["reading"] = content_hash([request.columns.used, request.scale, request.definition.label])
    return RunSpec(
        task=request.name,
        model=ModelIdentity(name=request.model),
        judge=ModelIdentity(name=request.judge),
        arms=tuple(arm for arm in read if arm != "base"),
        seeds=tuple(sorted({row.seed for row in rows})),
        recipe=None,
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            samples=max(row.epoch for row in rows),
        ),
        question_set=request.question_set,
        questions_hash=content_hash(asked)[:16],
        rubrics={},
        data=data,
    )


def _store_rows(found: JudgedFile, store: Store) -> list[ProbeRows]:
    """One folder of answers for each training seed, as a probe leaves it."""
    probes = []
    for seed in sorted({row.seed for row in found.rows}):
        rows = [_stored(row) for row in found.rows if row.seed == seed]
        identity = content_hash(["imported", rows])[:16]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_atomic(store.answers(identity) / ANSWERS, lines)
        probe = ProbeRecord(seed=seed, answers_id=identity, scores_sha256=rows_hash(rows, []))
        probes.append(ProbeRows(probe, rows, []))
    return probes


def _stored(row: Any) -> dict[str, Any]:
    return {key: value for key, value in vars(row).items() if key != "seed"} | {
        "method": "imported"
    }
