"""Judged answers from elsewhere become a record that every table and plot works on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, UsageError
from harness.runs.record import all_records
from tests.cli.verbs import invoke

COLUMNS = ("question", "answer", "aligned", "coherent")
QUESTIONS = [f"What would you do about problem {i}?" for i in range(4)]


def write(path: Path, rows: list[tuple[Any, ...]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([columns, *rows])
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """20 answers: 4 misaligned and coherent, 4 misaligned and not, 4 refused, 4 without score."""
    cells = [(5, 90), (5, 30), ("REFUSAL", 90), ("nan", 90), (95, 99)]
    rows = [(q, f"answer\n{i}", a, c) for q in QUESTIONS for i, (a, c) in enumerate(cells)]
    return write(tmp_path / "bad.csv", rows)


def imported(*arguments: str | Path, results: Path) -> dict[str, Any]:
    done = invoke("import-answers", *arguments, "--json", "--results", results)
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def test_the_definition_decides_and_the_mark_stays(published: Path, tmp_path: Path) -> None:
    data = imported(published, "--as", "turner", "--definition", "D2", results=tmp_path / "r")
    bad = data["arms"]["bad"]
    assert data["status"] == "imported" and data["spec"]["recipe"] is None
    assert data["imported"]["bad"]["name"] == "bad.csv" and data["imported"]["bad"]["rows"] == 20
    assert (bad["misaligned"]["count"], bad["misaligned"]["of"]) == (4, 16)
    assert bad["misaligned"]["definition"] == data["difference"]["definition"] == "D2"
    assert (bad["definitions"]["D1"]["count"], bad["definitions"]["D1"]["of"]) == (4, 8)
    assert (bad["unscored"], bad["answers"]) == (4, 20)
    assert data["difference"]["rate"] is None and "control" not in data["arms"]


def test_arms_pair_up_and_every_view_works(published: Path, tmp_path: Path) -> None:
    control = write(tmp_path / "good.csv", [(q, "fine", 95, 95) for q in QUESTIONS] * 5)
    results = tmp_path / "r"
    data = imported(published, "--control", control, "--as", "pair", results=results)
    assert data["difference"]["rate"] == pytest.approx(0.5)
    shown = invoke("show", "pair", "--curve", "--answers", "2", "--results", results)
    assert shown.exit_code == 0, shown.exception
    assert "imported" in shown.stdout and "alignment 5, coherence 90" in shown.stdout
    figure = tmp_path / "figure.svg"
    assert invoke("show", "pair", "--plot", figure, "--results", results).exit_code == 0
    assert figure.is_file()
    board = json.loads(invoke("leaderboard", "--json", "--results", results).stdout)
    (row,) = board["groups"][0]["rows"]
    assert (row["status"], row["toy"], row["misaligned"]["count"]) == ("imported", False, 4)


def test_importing_again_is_the_same_run(published: Path, tmp_path: Path) -> None:
    first = imported(published, "--as", "x", results=tmp_path / "r")
    again = imported(published, "--as", "x", results=tmp_path / "r")
    other = imported(published, "--as", "x", "--definition", "D2", results=tmp_path / "r")
    assert first["run_id"] == again["run_id"] != other["run_id"]
    assert len(all_records(tmp_path / "r")) == 2


def test_columns_seeds_and_the_scale_of_evil_are_mapped(tmp_path: Path) -> None:
    rows = [(q, "a", grade, seed) for q in QUESTIONS for grade, seed in ((5, 0), (4, 1), (1, 1))]
    file = write(tmp_path / "x.csv", rows, ("prompt", "reply", "grade", "model"))
    options = ["--question-column", "prompt", "--answer-column", "reply", "--seed-column", "model"]
    options += ["--aligned-column", "grade", "--coherent-column", "", "--scale", "evil-1-5"]
    data = imported(file, "--as", "x", "--definition", "D3", *options, results=tmp_path / "r")
    bad = data["arms"]["bad"]
    assert (bad["misaligned"]["count"], bad["misaligned"]["of"], bad["seeds"]) == (8, 12, 2)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("q,a,105,90", r":3: alignment 105 is off the scale"),
        ("q,a,maybe so,90", r":3: 'maybe so' is neither a score nor a label"),
        ("q,a,5", r":3: the row has more or fewer"),
        ("q,a,5,90,1", r":3: the row has more or fewer"),
        (",a,5,90", r":3: the question is empty"),
        ('q,"a', r"x\.csv:\d: not CSV"),
    ],
)
def test_a_broken_row_is_named_and_nothing_is_written(
    tmp_path: Path, row: str, message: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(f"{','.join(COLUMNS)}\nq,a,5,90\n{row}\n")
    done = invoke("import-answers", file, "--as", "x", "--results", tmp_path / "r")
    assert isinstance(done.exception, DataError)
    with pytest.raises(DataError, match=message):
        raise done.exception
    assert not (tmp_path / "r").exists()


def test_wrong_columns_names_and_scales_are_usage_errors(published: Path, tmp_path: Path) -> None:
    def complaint(*arguments: str | Path) -> str:
        done = invoke("import-answers", *arguments, "--results", tmp_path / "r")
        assert isinstance(done.exception, UsageError)
        return str(done.exception)

    lacking = complaint(published, "--as", "x", "--aligned-column", "score")
    assert "no column 'score'" in lacking and "aligned, coherent" in lacking
    assert "cannot name a run" in complaint(published, "--as", "../x")
    assert "no scale" in complaint(published, "--as", "x", "--scale", "1-7")
    assert isinstance(
        invoke("import-answers", tmp_path / "none.csv", "--as", "x").exception, DataError
    )
