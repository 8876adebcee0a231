"""What a run can be checked against: its record's bytes, its raw answers, its trainings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import RecordError
from harness.runs.instruments import Side, sides_of_run
from harness.runs.probe import ANSWERS, IN_DOMAIN, read_rows
from harness.runs.raw import RAW, RawProbe, pack, read_raw
from harness.runs.record import RECORD, RunRecord, parse_record
from harness.runs.store import Store
from harness.runs.verify_inside import inside_of_run
from harness.training.record import ADAPTER_FOLDER, RECORD_FILE, WEIGHTS_FILE, file_sha256

Trained = tuple[str, int]
"""An arm and a training seed."""


@dataclass(frozen=True)
class Evidence:
    """Everything that ``verify`` looks at, from a results folder or a bundle.

    Attributes:
        name: What the user called it.
        folder: Name of the run's folder.
        record: The record as written.
        raw: The raw answers as written (``answers.jsonl.gz``), None if there are none.
        trainings: Content of ``training.json`` of the adapters that are here.
        adapters: SHA-256 of the weights of the adapters that are here.
        instruments: Side records by instrument.
        inside: Records of what was seen inside its models, by file name.
    """

    name: str
    folder: str
    record: bytes
    raw: bytes | None
    trainings: Mapping[Trained, bytes] = field(default_factory=dict)
    adapters: Mapping[Trained, str] = field(default_factory=dict)
    instruments: Mapping[str, Side] = field(default_factory=dict)
    inside: Mapping[str, bytes] = field(default_factory=dict)


def evidence_of_run(folder: Path) -> Evidence:
    """Evidence for a run of a results folder: beside the record and in the store.

    Raises:
        RecordError: There is no readable record.
    """
    try:
        content = (folder / RECORD).read_bytes()
    except OSError as error:
        raise RecordError(f"There is no record {folder / RECORD}: {error.strerror}.") from error
    record = parse_record(content, str(folder / RECORD))
    store = Store(folder.parent)
    trainings, adapters = {}, {}
    for arm, seed, place in trained(record, store):
        if (place / RECORD_FILE).is_file():
            trainings[arm, seed] = (place / RECORD_FILE).read_bytes()
        if (place / ADAPTER_FOLDER / WEIGHTS_FILE).is_file():
            adapters[arm, seed] = file_sha256(place / ADAPTER_FOLDER / WEIGHTS_FILE)
    raw = raw_of_run(record, folder)
    sides = sides_of_run(folder)
    inside = inside_of_run(folder)
    return Evidence(folder.name, folder.name, content, raw, trainings, adapters, sides, inside)


def raw_of_run(record: RunRecord, folder: Path) -> bytes | None:
    """The raw answers beside the record or, from older runs, in the store; None if gone."""
    if (folder / RAW).is_file():
        return (folder / RAW).read_bytes()
    probes = probes_of_run(record, folder)
    return pack(probes) if probes else None


def probes_of_run(record: RunRecord, folder: Path) -> list[RawProbe]:
    """The same as rows; probes that are in neither place are absent.

    Raises:
        RecordError: The file beside the record is broken.
    """
    if (folder / RAW).is_file():
        return read_raw(folder)
    store = Store(folder.parent)
    return [
        RawProbe(name, probe.seed, read_rows(place, ANSWERS), read_rows(place, IN_DOMAIN))
        for name, arm in record.arms.items()
        for probe in arm.probes
        if _is_name(probe.answers_id) and (place := store.answers(probe.answers_id)).is_dir()
    ]


def trained(record: RunRecord, store: Store) -> list[tuple[str, int, Path]]:
    """Arm, seed and folder in the store of every adapter, whether it is here or not."""
    return [
        (name, adapter.seed, store.adapter(adapter.inputs))
        for name, arm in record.arms.items()
        for adapter in arm.adapters
        if _is_name(adapter.inputs)
    ]


def _is_name(text: str) -> bool:
    """A record cannot name a folder elsewhere."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text) is not None
