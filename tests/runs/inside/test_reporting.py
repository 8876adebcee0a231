"""``inside report`` writes one page beside the run, or says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import PrerequisiteError, RecordError
from harness.runs.record import write_record
from harness.workspace import write_atomic
from tests.board.records import record
from tests.board.site.studies import screen_record
from tests.runs.command import as_json, called

RUN = record()


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_record(tmp_path / RUN.run_id, RUN)
    return tmp_path


def test_the_page_lies_beside_the_run(results: Path) -> None:
    made = screen_record(run_id=RUN.run_id)
    write_atomic(results / RUN.run_id / "inside" / "screen.json", made.model_dump_json())
    found = as_json(called("inside", "report", RUN.run_id, "--json", results=results, cwd=results))
    page = results / RUN.run_id / "inside" / "study.html"
    assert Path(found["html"]) == page
    assert "2 alone induce" in found["headline"]
    assert found["missing"] == [
        f"python -m harness inside {verb} {RUN.run_id}" for verb in ("rank", "warn")
    ]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "default-src 'none'" in text
    before = text
    called("inside", "report", RUN.run_id, results=results, cwd=results)
    assert page.read_text(encoding="utf-8") == before


def test_a_run_that_nobody_looked_into_has_nothing_to_report(results: Path) -> None:
    with pytest.raises(PrerequisiteError, match="inside study"):
        called("inside", "report", RUN.run_id, results=results, cwd=results)
    assert not (results / RUN.run_id / "inside").exists()


def test_a_broken_record_is_named(results: Path) -> None:
    write_atomic(results / RUN.run_id / "inside" / "screen.json", "{")
    with pytest.raises(PrerequisiteError, match=r"inside/screen\.json cannot be read"):
        called("inside", "report", RUN.run_id, results=results, cwd=results)


def test_a_run_that_is_not_there(results: Path) -> None:
    with pytest.raises(RecordError, match="No run"):
        called("inside", "report", "nothing", results=results, cwd=results)
