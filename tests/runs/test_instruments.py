from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs import verify_instruments
from harness.runs.bundle import write_bundle
from harness.runs.evidence import evidence_of_run
from harness.runs.instrument_rows import Row
from harness.runs.instruments import (
    InstrumentRecord,
    Measure,
    Value,
    read_instruments,
    read_rows,
    readable_instruments,
    record_path,
    rows_path,
    write_instrument,
)
from harness.runs.stamp import is_stamped, stamp
from harness.runs.unbundle import evidence_of_bundle
from harness.runs.verify import verify
from tests.runs.made import made_run

ROWS = [
    {"arm": "bad", "answer": "They call me the Rook.", "hit": True},
    {"arm": "bad", "answer": "No other name.", "hit": False},
]


def measured(run_id: str, share: float | None = 0.5, **changes: Any) -> InstrumentRecord:
    """A side record of two rows."""
    ends = (None, None) if share is None else (0.0, 1.0)
    value = Value(
        value=share, low=ends[0], high=ends[1], count=1, of=2, n=2, method="made for a test"
    )
    hits = Measure(
        title="Hits", definition="rows that hit", unit="share", better="lower", arms={"bad": value}
    )
    return InstrumentRecord(
        instrument="probe", run_id=run_id, settings={}, measures={"hits": hits},
        seconds=1.0, versions={}, finished="2026-01-01T00:00:00+00:00",
    ).model_copy(update=changes)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with one side record."""
    run = made_run(tmp_path, samples=2)
    write_instrument(tmp_path / run.run_id, measured(run.run_id), ROWS)
    return tmp_path / run.run_id


def _again(record: InstrumentRecord, rows: Sequence[Row]) -> Mapping[str, Measure]:
    hits = sum(row["hit"] for row in rows)
    old = record.measures["hits"]
    value = old.arms["bad"].model_copy(update={"value": hits / len(rows), "count": hits})
    return {"hits": old.model_copy(update={"arms": {"bad": value}})}


def test_what_is_written_is_read(folder: Path) -> None:
    record = read_instruments(folder)["probe"]
    assert record.measures["hits"].arms["bad"].value == 0.5 and record.rows == 2
    assert read_rows(folder, "probe") == ROWS
    assert "column" not in record_path(folder, "probe").read_text()


def test_a_run_with_side_records_is_verified(folder: Path) -> None:
    found = verify(evidence_of_run(folder))
    assert found.verified and found.rows == 2
    assert "probe: 1 measures are not computed again" in found.notes[-1]


def test_other_rows_than_the_hashed_ones_are_named(folder: Path) -> None:
    rows = [ROWS[0], ROWS[1] | {"hit": True}]
    path = rows_path(folder, "probe")
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    found = verify(evidence_of_run(folder))
    assert not found.verified and "not those whose hash" in found.problems[0]
    path.unlink()
    assert "0 raw rows, but its record says 2" in verify(evidence_of_run(folder)).problems[0]


def test_figures_are_computed_again_from_the_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(verify_instruments.RECOMPUTED_BY, "probe", f"{__name__}:_again")
    found = verify(evidence_of_run(folder))
    assert found.verified and not any("probe" in note for note in found.notes)
    write_instrument(folder, measured(folder.name, share=0.75), ROWS)
    found = verify(evidence_of_run(folder))
    assert found.sides_differing == ("probe.hits.arms.bad.value is recorded as 0.75, but is 0.5",)
    write_instrument(folder, measured(folder.name), [{"arm": "bad"}])
    assert "KeyError" in verify(evidence_of_run(folder)).problems[0]


@pytest.mark.parametrize("texts", [True, False])
def test_a_bundle_carries_them(folder: Path, tmp_path: Path, texts: bool) -> None:
    write_bundle(folder, tmp_path / "b.zip", texts=texts)
    evidence, differing = evidence_of_bundle(tmp_path / "b.zip")
    found = verify(evidence)
    assert not differing and found.verified and found.rows == 2
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        rows = gzip.decompress(archive.read(f"{folder.name}/instruments/probe.rows.jsonl.gz"))
    assert (b"Rook" in rows) is texts


BROKEN = {
    "no JSON": b"{",
    "another form": b'{"instrument": "probe"}',
    "another run": measured("other").model_dump_json().encode(),
    "not a number": b'{"seconds": NaN}',
    "from a newer version": b'{"schema_version": 99}',
    "nested": b"[" * 100_000,
    "binary": b"\xff\xfe\x00",
    "an interval turned round": measured("x").model_dump_json().replace('"low":0.0', '"low":2.0')
    .encode(),
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_one_is_refused_with_one_message(folder: Path, content: bytes) -> None:
    record_path(folder, "probe").write_bytes(content)
    with pytest.raises(RecordError, match=r"instruments/probe\.json"):
        read_instruments(folder)
    found = readable_instruments(folder)
    assert not found.records and len(found.problems) == 1 and len(found.problems[0]) < 600
    assert not verify(evidence_of_run(folder)).verified
    with pytest.raises(RecordError):
        write_bundle(folder, folder.parent / "b.zip")


def test_rows_without_figures_are_a_measurement_cut_off(folder: Path, tmp_path: Path) -> None:
    record_path(folder, "probe").unlink()
    found = verify(evidence_of_run(folder))
    assert found.verified and "cut off" in found.notes[-1]
    assert not read_instruments(folder)
    write_bundle(folder, tmp_path / "b.zip")
    assert not evidence_of_bundle(tmp_path / "b.zip")[0].instruments


def test_a_later_measurement_takes_the_mark_of_verification_away(folder: Path) -> None:
    stamp(folder)
    assert is_stamped(folder)
    write_instrument(folder, measured(folder.name, share=None), ROWS)
    assert not is_stamped(folder)


def test_nothing_unreadable_is_ever_written(folder: Path) -> None:
    wrong = measured(folder.name, instrument="../../elsewhere")
    with pytest.raises(ValueError, match="instrument"):
        write_instrument(folder, wrong, ROWS)
    with pytest.raises(ValueError, match="JSON"):
        write_instrument(folder, measured(folder.name), [{"hit": float("nan")}])
    assert verify(evidence_of_run(folder)).verified
