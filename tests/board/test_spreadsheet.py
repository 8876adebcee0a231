from __future__ import annotations

import csv
import io

import pytest

from harness.board.spreadsheet import to_csv
from harness.board.table import leaderboard
from tests.board.records import record, spec

WHITE = "\t\r\x1b"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\x1b=1"])
def test_formulas_are_defused(name: str) -> None:
    text = to_csv(leaderboard([record(plan=spec(model=name))]))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["model"] == f"'{name.strip(WHITE)}"


def test_numbers_stay_numbers_and_missing_cells_are_empty() -> None:
    groups = leaderboard([record(0, 570), record(0, 0, spec(task="silent"))])
    measured, silent = csv.DictReader(io.StringIO(to_csv(groups)))
    assert measured["misaligned_rate"] == "0.0"
    assert float(measured["difference_rate"]) < 0
    assert silent["misaligned_rate"] == "" and silent["difference_rate"] == ""


def test_groups_are_told_apart() -> None:
    groups = leaderboard([record(), record(plan=spec(judge="org/judge"))])
    rows = list(csv.DictReader(io.StringIO(to_csv(groups))))
    assert {(row["group"], row["judge"]) for row in rows} == {
        ("1", groups[0].comparability["judge"]["name"]),
        ("2", groups[1].comparability["judge"]["name"]),
    }


def test_no_rows_no_text() -> None:
    assert to_csv([]) == ""
