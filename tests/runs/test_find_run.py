"""A run is found by its id, or by as much of it as tells it from the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RecordError
from harness.runs.record import PLANNED, RECORD, find_run

RUNS = ("bad_car_advice-miniature-7f4448e49a", "insecure_code-miniature-995faa61fc")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for run in RUNS:
        (tmp_path / run).mkdir()
        (tmp_path / run / RECORD).write_text("{}")
    return tmp_path


@pytest.mark.parametrize("text", [RUNS[1], "insecure", "61fc", "995f"])
def test_by_its_id_its_ends_or_the_beginning_of_its_hash(results: Path, text: str) -> None:
    assert find_run(text, results) == results / RUNS[1]


@pytest.mark.parametrize(("text", "said"), [("mini", "No run matches"), ("", "More than one run")])
def test_anything_else_names_the_runs_that_there_are(results: Path, text: str, said: str) -> None:
    with pytest.raises(RecordError, match=f"(?s){said}.*{RUNS[0]}, {RUNS[1]}"):
        find_run(text, results)


def test_a_run_that_was_begun_is_not_said_to_be_unknown(results: Path) -> None:
    begun = results / "insecure_code-qwen-0123456789"
    begun.mkdir()
    (begun / PLANNED).write_text("{}")
    with pytest.raises(RecordError, match="is not finished") as told:
        find_run(begun.name, results)
    assert "goes on where it was" in (told.value.hint or "")
