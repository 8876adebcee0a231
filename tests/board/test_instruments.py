"""What instruments measured, where runs are shown; side records may be broken or hostile."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from harness.board.instrument_columns import MOST, figures
from harness.board.instruments_view import print_instrument, value_text
from harness.board.suite_view import print_suite
from harness.runs.instruments import (
    InstrumentRecord,
    Measure,
    Value,
    record_path,
    write_instrument,
)
from harness.runs.suite.record import StepRecord, SuiteRecord, shown
from tests.board.site.test_build import data_of
from tests.cli.verbs import invoke
from tests.runs.made import made_run

HOSTILE = "\x1b[31m<script>alert(1)</script>\u202egnp"


def value(number: float | None) -> Value:
    ends = (None, None) if number is None else (number - 1, number + 1)
    return Value(value=number, low=ends[0], high=ends[1], n=4, method="made")


def side(run: str, measures: dict[str, Measure], note: str | None = None) -> InstrumentRecord:
    return InstrumentRecord(
        instrument="persona", run_id=run, settings={}, measures=measures, seconds=0.0, versions={},
        finished="2026-01-01", note=note,
    )  # fmt: skip


def measure(
    title: str = "Alias rise", column: str | None = "Alias rise", **changes: Any
) -> Measure:
    arms = {"bad": value(2.5), "control": value(0.1)}
    return Measure(
        title=title, definition="d", unit="log-odds (nats)", better="lower", arms=arms,
        difference=value(2.4), column=column,
    ).model_copy(update=changes)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs, one of them with a side record."""
    made_run(tmp_path, samples=2, task="bad_legal_advice")
    run = made_run(tmp_path, samples=2)
    measures = {"rise": measure(), "mentions": measure("Mentions", None)}
    write_instrument(tmp_path / run.run_id, side(run.run_id, measures), [{"x": 1}])
    return tmp_path / run.run_id


def test_the_leaderboard_has_its_column_in_every_form(folder: Path, tmp_path: Path) -> None:
    results = ("--results", str(folder.parent))
    shown = invoke("leaderboard", *results).stdout
    assert "alias rise" in shown and "+2.40 [+1.40, +3.40]" in shown and "mentions" not in shown
    rows = json.loads(invoke("leaderboard", "--json", *results).stdout)["groups"][0]["rows"]
    found = {row["task"]: row["instruments"] for row in rows}
    assert found["bad_legal_advice"] == {}
    assert found["insecure_code"]["persona.rise"]["value"] == 2.4
    assert found["insecure_code"]["persona.rise"]["measured_on"] == "difference"
    lines = list(csv.DictReader(io.StringIO(invoke("leaderboard", "--csv", *results).stdout)))
    by_task = {line["task"]: line["persona_rise_value"] for line in lines}
    assert by_task == {"insecure_code": "2.4", "bad_legal_advice": ""}
    invoke("leaderboard", "--html", tmp_path / "site", *results)
    data = data_of(tmp_path / "site" / "index.html")
    assert data["instruments"][0][:2] == ["persona-rise", "Alias rise"]
    sides = {row["task"]: row.get("side") for row in data["groups"][0]["rows"]}
    assert sides["insecure_code"]["persona-rise"][:2] == [2.4, "+2.40 [+1.40, +3.40]"]
    assert sides["bad_legal_advice"] is None


def test_it_can_be_sorted_by(folder: Path) -> None:
    results = ("--results", str(folder.parent))
    done = invoke("leaderboard", "--sort", "persona.rise", "--json", *results)
    rows = json.loads(done.stdout)["groups"][0]["rows"]
    assert [row["task"] for row in rows] == ["insecure_code", "bad_legal_advice"]
    assert "cannot be sorted" in str(invoke("leaderboard", "--sort", "rise", *results).exception)


def test_show_and_the_runs_page_have_all_measures(folder: Path, tmp_path: Path) -> None:
    results = ("--results", str(folder.parent))
    shown = invoke("show", folder.name, "--answers", "0", *results).stdout
    assert "Mentions" in shown and "2.50 [1.50, 3.50]" in shown
    data = json.loads(invoke("show", folder.name, "--json", *results).stdout)
    assert data["instruments"]["persona"]["measures"]["rise"]["arms"]["bad"]["value"] == 2.5
    invoke("leaderboard", "--html", tmp_path / "site", *results)
    (page,) = (tmp_path / "site" / "runs").glob("insecure*")
    (table,) = data_of(page)["instruments"]
    assert [row["title"] for row in table["rows"]] == ["Alias rise", "Mentions"]
    assert table["rows"][0]["cells"] == ["2.50 [1.50, 3.50]", "0.10 [-0.90, 1.10]"]


@pytest.mark.parametrize("content", [b"{", b'{"instrument": 1}', b"\xff", b"[" * 100_000])
def test_a_broken_one_is_told_and_breaks_nothing(
    folder: Path, tmp_path: Path, content: bytes
) -> None:
    results = ("--results", str(folder.parent))
    record_path(folder, "persona").write_bytes(content)
    done = invoke("leaderboard", *results)
    assert done.exit_code == 0 and "insecure_code" in done.stdout
    assert "alias rise" not in done.stdout and done.stderr.count("side record") == 1
    done = invoke("show", folder.name, "--answers", "0", *results)
    assert done.exit_code == 0 and "persona.json is not a side record" in done.stderr
    assert invoke("leaderboard", "--html", tmp_path / "site", *results).exit_code == 0


def test_a_hostile_one_neither_steers_a_terminal_nor_writes_markup(
    folder: Path, tmp_path: Path
) -> None:
    results = ("--results", str(folder.parent))
    hostile = measure(HOSTILE, HOSTILE, unit=HOSTILE, definition=HOSTILE)
    hostile = hostile.model_copy(update={"arms": {HOSTILE: value(1.0)}})
    missing = measure(HOSTILE, None, difference=None, arms={"bad": Value(
        value=None, low=None, high=None, n=0, method=f"none: {HOSTILE}")})  # fmt: skip
    measures = {"a": hostile, "b": missing}
    write_instrument(folder, side(folder.name, measures, note=HOSTILE))
    for verb in (("leaderboard",), ("show", folder.name, "--answers", "0")):
        done = invoke(*verb, *results)
        assert done.exit_code == 0 and "alert" in done.stdout
        assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    invoke("leaderboard", "--html", tmp_path / "site", *results)
    for page in (tmp_path / "site").glob("**/*.html"):
        text = page.read_text()
        assert "<script>alert" not in text and "\\u001b" not in text and "\\u202e" not in text


def test_a_stranger_cannot_fill_the_board_with_columns() -> None:
    measures = {f"m{n}": measure(column=f"c{n}") for n in range(50)}
    assert len(figures({"persona": side("r", measures)})) == MOST


def test_one_model_shows_its_own_value_and_nothing_is_no_zero() -> None:
    alone = measure(difference=None, arms={"model": value(1.0)})
    (figure,) = figures({"persona": side("r", {"a": alone})})
    assert figure.of == "model" and figure.text == "1.00 [0.00, 2.00]"
    none = measure(difference=None, arms={"bad": value(None)})
    (figure,) = figures({"persona": side("r", {"a": none})})
    assert figure.value.value is None and figure.text == "-"


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [(0.0, "share", "0.00 %"), (0.00004, "share", "0.004 %"), (0.5, "share", "50.0 %"),
     (0.0004, "nats", "0.0004"), (123.456, "nats", "123.5"), (-2.0, "nats", "-2.00")],
)  # fmt: skip
def test_no_number_reads_as_zero_that_is_none(number: float, unit: str, expected: str) -> None:
    shown = value_text(Value(value=number, low=None, high=None, n=1, method=""), unit)
    assert shown == expected


def test_a_wide_table_is_shown_in_as_many_as_a_terminal_takes() -> None:
    arms = {f"arm{i}": value(float(i)) for i in range(6)}
    record = side("r", {"rise": measure(arms=arms)})
    wide, narrow = (Console(width=w, force_terminal=True, file=io.StringIO()) for w in (400, 60))
    for console in (wide, narrow):
        print_instrument(record, console)
    texts = [Text.from_ansi(c.file.getvalue()).plain for c in (wide, narrow)]  # type: ignore[attr-defined]
    assert texts[0].count("measure") == 1
    assert texts[1].count("measure") == 4
    assert max(map(len, texts[1].splitlines())) <= 60
    for found in texts:
        assert all(found.count(arm) == 1 for arm in arms)


def test_no_title_is_cut_and_other_arms_have_their_own_table() -> None:
    long = "lexicon on cot+action (sums): recall at"
    measures = {
        f"r{n}": measure(f"{long} {n} % false positives", arms={"all": value(1.0)}, difference=None)
        for n in (1, 5)
    }
    console = Console(width=60, force_terminal=True, file=io.StringIO())
    print_instrument(side("r", {"rise": measure()} | measures), console)
    plain = Text.from_ansi(console.file.getvalue()).plain  # type: ignore[attr-defined]
    assert "…" not in plain
    assert "1 % false positives" in plain and "5 % false positives" in plain
    assert all(line.split()[-1] != "-" for line in plain.splitlines() if line.strip())


def test_a_suite_fits_its_terminal_and_says_what_it_leaves_out() -> None:
    measures = {f"m{n}": measure(f"Measure {n}", None) for n in range(14)}
    step = StepRecord(status="measured", measures=shown(side("r", measures)), left_out=2)
    record = SuiteRecord(run_id="r", instruments={"persona": step}, seconds=1, finished="now")
    texts = []
    for width in (80, 120):
        console = Console(width=width, force_terminal=True, file=io.StringIO())
        print_suite(record, console)
        texts.append(Text.from_ansi(console.file.getvalue()).plain)  # type: ignore[attr-defined]
        assert max(map(len, texts[-1].splitlines())) <= width
        assert "show RUN: 2 of persona" in texts[-1]
    assert texts[0].count("figure") > 1 and texts[1].count("figure") == 1
    assert all("difference" in text and "+2.40 [+1.40, +3.40]" in text for text in texts)
