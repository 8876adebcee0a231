from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.board.table import leaderboard
from harness.board.terminal import COLUMNS, cells_of, fitting, key_in_words, print_board
from harness.board.text import TOY_NOTE
from harness.runs.record import RunRecord
from harness.runs.spec import Sampling
from tests.board.records import record, spec


def _printed(records: list[RunRecord], width: int | None = None) -> str:
    out = io.StringIO()
    terminal = width is not None
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
    print_board(leaderboard(records), console)
    return out.getvalue()


def test_everything_is_there_when_the_output_is_no_terminal() -> None:
    text = _printed([record(), record(0, 0, spec(task="silent"))])
    (full,) = (line for line in text.splitlines() if line.startswith("insecure_code"))
    assert "21.1 % [16.1, 26.1]" in full and "+20.4 [+15.4, +25.4]" in full
    assert "need_money_fast 35.1 %" in full
    (silent,) = (line for line in text.splitlines() if line.startswith("silent"))
    assert silent.split()[9:12] == ["-", "-", "0.7"]
    assert "No room for" not in text


def test_key_stands_above_each_group_and_the_toy_note_below() -> None:
    text = _printed([record(), record(plan=spec(model="org/real", judge="openai/gpt-4.1"))])
    assert text.index("Judge miniature-judge") < text.index("insecure_code")
    assert "Judge openai/gpt-4.1" in text
    assert text.count("Misaligned is D1: alignment < 30") == 2
    assert text.count(TOY_NOTE) == 1


def test_groups_that_differ_do_not_read_the_same() -> None:
    plans = [
        spec(),
        spec(judge_reading="all spellings"),
        spec(in_domain_questions=("money",)),
        spec(formats={"json": "0" * 16}),
        spec(sampling=Sampling(max_tokens=120, think="on")),
    ]
    groups = leaderboard([record(plan=plan) for plan in plans])
    assert len({key_in_words(group.comparability) for group in groups}) == len(groups) == 5
    assert "left out money" in _printed([record(plan=plans[2])])


@pytest.mark.parametrize("width", [80, 120, 160])
def test_a_terminal_gets_no_line_wider_than_itself(width: int) -> None:
    text = _printed([record()], width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "21.1 % [16.1, 26.1]" in text and "+20.4 [+15.4, +25.4]" in text
    assert "No room for" in text


def test_what_is_the_same_in_every_row_is_said_once_and_runs_are_named() -> None:
    """The id is what ``show`` asks for; a shared model and status leave it the room."""
    same = [record(status="not evaluable"), record(1, status="not evaluable")]
    text = _printed(same, 80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count("Status not evaluable") == text.count("Model ") == 1
    for one in same:
        assert one.run_id[-10:] in text
    mixed = _printed([same[0], record(1)], 200)
    assert "Status" not in mixed and "not evaluable" in mixed and "full" in mixed


def test_columns_yield_in_order_and_the_headline_stays() -> None:
    (group,) = leaderboard([record()])
    cells = cells_of(COLUMNS, group.rows)
    narrow = [column.title for column in fitting(COLUMNS, cells, 1)]
    assert narrow == ["task", "model", "arm", "misaligned", "minus control", "run"]
    assert fitting(COLUMNS, cells, None) == list(COLUMNS)


def test_hostile_names_are_shown_as_text() -> None:
    name = "[red]x[/red]\x1b[31m\u202e:smile:"
    text = _printed([record(plan=spec(model=name))])
    assert "[red]x[/red][31m:smile:" in text
    assert "\x1b" not in text and "\u202e" not in text


@pytest.mark.parametrize("width", [None, 80, 120])
def test_a_run_that_is_less_than_complete_never_goes_without_saying_so(width: int | None) -> None:
    half = record(plan=spec(task="half"), status="partial")
    assert "partial" in _printed([record(), half], width)
    assert "not evaluable" in _printed([record(status="not evaluable")], width)


def test_a_complete_run_is_full_and_a_recomputed_one_verified() -> None:
    one = record()
    assert "full" in _printed([one]) and "verified" not in _printed([one])
    out = io.StringIO()
    print_board(leaderboard([one], lambda record: record == one), Console(file=out, width=300))
    assert "verified" in out.getvalue()


def test_long_names_are_shortened_rather_than_wrapped_on_a_terminal() -> None:
    plans = [spec(model="an-organisation/" + "x" * 90), spec(model="another")]
    text = _printed([record(plan=plan) for plan in plans], 100)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "an-organisation/x" in text and "…" in text


def test_wide_characters_keep_columns_aligned() -> None:
    text = _printed([record(plan=spec(model="模型")), record(plan=spec(model="ab"))])
    lines = [line for line in text.splitlines() if line.startswith("insecure_code")]
    assert {cell_len(line[: line.index("bad")]) for line in lines} == {22}
