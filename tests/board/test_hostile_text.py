"""Hostile names and answers garble nothing on a terminal and run nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from harness.board.answers_view import print_answers
from harness.board.by_model import by_model
from harness.board.comparison_view import print_comparison
from harness.board.model_view import print_models
from harness.board.record_view import print_provenance, print_questions, print_summary
from harness.board.spreadsheet import models_to_csv, to_csv
from harness.board.table import leaderboard
from harness.board.terminal import print_board
from harness.errors import RecordError
from harness.runs.comparing import compare_runs
from harness.runs.raw import RawProbe, read_raw, write_raw
from harness.runs.record import RunRecord, parse_record
from harness.stats.definitions import D1
from tests.board.records import arm, record, share, spec
from tests.board.site.hostile import CORPUS
from tests.runs.made import made_run

STEERING = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
PRINTABLE = [text for text in CORPUS if not any(unicodedata.category(c) == "Cs" for c in text)]


def hostile(text: str) -> RunRecord:
    """A record that says ``text`` wherever a stranger can."""
    plan = spec(model=text, judge=text, task=text, question_set=text, arms=("bad", text, "control"))
    arms = {"bad": arm(120, 570, per_question={text: share(3, 5)}), text: arm(5), "control": arm(4)}
    return record(plan=plan, arms=arms, note=text, versions={text: text}, finished=text)


def _shown(show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=100_000, soft_wrap=True, color_system=None))
    return out.getvalue()


def _views(found: RunRecord) -> str:
    groups = leaderboard([found])
    return "".join(
        _shown(show)
        for show in (
            lambda console: print_board(groups, console),
            lambda console: print_models(by_model(groups), console),
            lambda console: print_summary(found, console),
            lambda console: print_questions(found, console),
            lambda console: print_provenance(found, console),
        )
    )


def test_there_are_enough_of_them() -> None:
    assert len(set(CORPUS)) >= 60


@pytest.mark.parametrize("text", PRINTABLE, ids=range(len(PRINTABLE)))
def test_names_steer_no_terminal_and_break_no_row(text: str) -> None:
    shown, harmless = _views(hostile(text)), _views(hostile("harmless"))
    wrong = {c for c in shown if unicodedata.category(c) in STEERING} - {"\n"}
    assert not wrong
    # An empty name is a row of its own, all the same.
    assert shown.count("\n") == harmless.count("\n")


@pytest.mark.parametrize("text", PRINTABLE, ids=range(len(PRINTABLE)))
def test_no_cell_of_a_spreadsheet_is_a_formula(text: str) -> None:
    groups = leaderboard([hostile(text)])
    for content, count in ((to_csv(groups), 2), (models_to_csv(by_model(groups)), 1)):
        rows = list(csv.DictReader(io.StringIO(content, newline="")))
        assert len(rows) == count
        for cell in (cell for row in rows for cell in row.values()):
            assert cell is not None
            number = cell.lstrip("+-").replace(".", "", 1).replace("e-", "", 1).isdigit()
            assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert not {c for c in cell if unicodedata.category(c) in STEERING}


def test_a_text_that_is_none_cannot_enter_a_record() -> None:
    content = record().model_dump_json().replace("made by hand", "\\ud800")
    with pytest.raises(RecordError, match="hex escape"):
        parse_record(content.encode(), "here")


def test_answers_and_questions_steer_no_terminal(tmp_path: Path) -> None:
    run = made_run(tmp_path, 20)
    folder = tmp_path / run.run_id
    texts = iter(PRINTABLE * 40)
    probes = [
        RawProbe(p.arm, p.seed, [_spoilt(row, next(texts)) for row in p.answers], p.in_domain)
        for p in read_raw(folder)
    ]
    write_raw(folder, probes)
    shown = _shown(lambda console: print_answers(run, tmp_path, list(run.arms), 360, console))
    compared = compare_runs(run, run, D1, tmp_path)
    shown += _shown(lambda console: print_comparison(compared, console))
    assert len(compared.questions) > 60
    assert not {c for c in shown if unicodedata.category(c) in STEERING} - {"\n"}


def _spoilt(row: dict[str, object], text: str) -> dict[str, object]:
    return row | {"answer": text, "question": text, "text": text, "reason": text}
