"""Published figures: read, complete, and as printed in their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.board.published import published_rows, published_tables
from harness.errors import DataError

TABLE = """
- id: a-table
  title: t
  source: s
  confidence: A
  definition: D1
  judge: j
  questions: q
  rows: [{row}]
"""


def test_known_figures_stand_as_printed() -> None:
    rows = {(r.table, r.model, r.training, r.arm, r.condition): r for r in published_rows()}
    betley = rows["betley-2025-main", "gpt-4o-2024-08-06", "insecure_code", "bad", None]
    assert (betley.rate, betley.definition, betley.models) == (0.198, "D1", 10)
    turner = rows["turner-2025-advice", "Qwen2.5-7B-Instruct", "bad_medical_advice", "bad", None]
    assert (turner.rate, turner.low, turner.high, turner.of) == (0.172, 0.056, 0.288, 400)
    assert (turner.definition, turner.judge, turner.coherent) == ("D2", "gpt-4o", 0.98)


def test_every_row_names_source_definition_judge_and_questions() -> None:
    rows = published_rows(measure=None, single_questions=True)
    assert len(rows) > 100
    assert all(r.source and r.definition and r.judge and r.questions for r in rows)
    assert all(r.to_json()["published"] is True for r in rows)
    assert all(r.low <= r.rate <= r.high for r in rows if r.low is not None)


def test_what_is_not_a_share_of_a_whole_set_is_left_out_unless_asked_for() -> None:
    assert {r.measure for r in published_rows()} == {"share"}
    assert all(r.question is None for r in published_rows())
    assert any(r.question for r in published_rows(single_questions=True))
    assert {r.measure for r in published_rows(measure="increase")} == {"increase"}


def test_an_unknown_n_is_none_and_not_zero() -> None:
    assert all(r.of is None or r.of > 0 for r in published_rows(measure=None))
    assert any(r.of is None for r in published_rows())


@pytest.mark.parametrize(
    "row",
    [
        "{model: m, training: t, arm: bad, rate: 17.2}",
        "{model: m, training: t, arm: bad, rate: 0.1, low: 0.2, high: 0.3}",
        "{model: m, training: t, arm: bad, rate: 0.1, low: 0.05}",
        "{model: m, training: t, arm: bad, rate: 0.1, surprise: 1}",
    ],
)
def test_a_malformed_figure_is_refused_with_its_file(tmp_path: Path, row: str) -> None:
    (tmp_path / "x.yaml").write_text(TABLE.replace("{row}", row))
    with pytest.raises(DataError, match=r"x\.yaml"):
        published_tables(tmp_path)


def test_two_tables_of_one_id_are_refused(tmp_path: Path) -> None:
    good = TABLE.replace("{row}", "{model: m, training: t, arm: bad, rate: 0.1}")
    (tmp_path / "x.yaml").write_text(good)
    (tmp_path / "y.yaml").write_text(good)
    with pytest.raises(DataError, match="a-table"):
        published_tables(tmp_path)
