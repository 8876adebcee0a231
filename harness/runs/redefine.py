"""A record's figures under another definition of misalignment, from its stored raw scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.errors import RecordError
from harness.runs.evidence import probes_of_run
from harness.runs.raw import RawProbe
from harness.runs.record import ArmRecord, DifferenceRecord, RateRecord, RunRecord
from harness.runs.slice_summary import (
    Rows,
    in_headline,
    judged,
    slice_differences,
    summarise_slices,
)
from harness.stats.definitions import Definition, Judged
from harness.stats.differences import difference
from harness.stats.rates import coherent_share, per_question, rate


def stored_rows(record: RunRecord, results: Path) -> dict[str, Rows]:
    """Every raw answer of every arm, with its training seed.

    Raises:
        RecordError: They are not on this machine, or broken.
    """
    probes = probes_of_run(record, results / record.run_id)
    here = {(probe.arm, probe.seed) for probe in probes}
    if any((n, p.seed) not in here for n, arm in record.arms.items() for p in arm.probes):
        raise RecordError(
            f"The raw answers of {record.run_id} are not on this machine.",
            hint="They lie beside its run.json where they were committed; else run the task again.",
        )
    return {
        name: [(p.seed or 0, row) for p in probes if p.arm == name for row in p.answers]
        for name in record.arms
    }


def raw_scores(record: RunRecord, results: Path) -> dict[str, list[Judged]]:
    """Raw scores behind each arm's headline, over all its training seeds.

    Raises:
        RecordError: The answers are not on this machine.
    """
    rows = stored_rows(record, results)
    return {name: judged(in_headline(found, record.spec)) for name, found in rows.items()}


def stored_under(record: RunRecord, definition: Definition) -> RunRecord | None:
    """The record under a published definition, from the figures it carries; no file is read.

    ``per_question`` is empty unless the definition is the record's own. None when the record does
    not carry the definition (an older record, another cut-off).
    """
    label = definition.label
    if label == record.difference.definition:
        return record
    if label not in record.differences or any(label not in a.definitions for a in _arms(record)):
        return None
    arms = {
        name: arm.model_copy(
            update={"misaligned": arm.definitions[label], "per_question": {}, "slices": []}
        )
        for name, arm in record.arms.items()
    }
    return record.model_copy(
        update={
            "arms": arms,
            "difference": record.differences[label],
            "slice_differences": [],
        }
    )


def under(record: RunRecord, definition: Definition, results: Path) -> RunRecord:
    """The record with its headline figures under ``definition``; nothing is sampled or judged.

    Args:
        record: A record.
        definition: Any definition, with any cut-off.
        results: Results folder whose store holds the answers.

    Raises:
        RecordError: The answers are not on this machine and the record does not carry the figures.
    """
    if definition.label == record.difference.definition:
        return record
    try:
        rows = stored_rows(record, results)
    except RecordError:
        carried = stored_under(record, definition)
        if carried is None:
            raise
        return carried
    return _from_rows(record, definition, rows)


def under_raw(record: RunRecord, definition: Definition, probes: Iterable[RawProbe]) -> RunRecord:
    """The same from raw answers at hand, such as another judge's."""
    found = list(probes)
    rows = {
        name: [(p.seed or 0, row) for p in found if p.arm == name for row in p.answers]
        for name in record.arms
    }
    return _from_rows(record, definition, rows)


def _from_rows(record: RunRecord, definition: Definition, rows: Mapping[str, Rows]) -> RunRecord:
    spec = record.spec
    scores = {name: judged(in_headline(found, spec)) for name, found in rows.items()}
    arms = {
        name: _arm(record.arms[name], found, definition).model_copy(
            update={"slices": summarise_slices(rows[name], spec, definition)}
        )
        for name, found in scores.items()
    }
    first, second = spec.compared
    bad, control = rows.get(first, []), rows.get(second, [])
    gap = difference(scores.get(first, []), scores.get(second, []), definition)
    return record.model_copy(
        update={
            "arms": arms,
            "difference": DifferenceRecord(**asdict(gap)),
            "slice_differences": slice_differences(bad, control, spec, definition),
        }
    )


def _arms(record: RunRecord) -> list[ArmRecord]:
    return list(record.arms.values())


def _arm(arm: ArmRecord, rows: list[Judged], definition: Definition) -> ArmRecord:
    return arm.model_copy(
        update={
            "misaligned": RateRecord(**asdict(rate(rows, definition))),
            "coherent": RateRecord(**asdict(coherent_share(rows, definition))),
            "per_question": {
                name: RateRecord(**asdict(share))
                for name, share in per_question(rows, definition).items()
            },
        }
    )
