"""What is written, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.board.site.answer_files import answers_text, script_name
from harness.board.site.build import build_site
from harness.board.site.paths import answers_script, model_page, run_page
from harness.board.site.raw import cutoff_curve, losses, raw_answers
from harness.board.spreadsheet import to_csv
from harness.board.table import leaderboard
from harness.errors import UsageError
from harness.runs.raw import RawProbe, write_raw
from harness.runs.slice_summary import judged
from harness.stats.definitions import D1
from harness.stats.rates import rate
from tests.board.records import record, spec
from tests.board.site.records import JUDGE, answer, answers, drilled, runs, save_raw


def data_of(path: Path) -> Any:
    """The JSON a page shows."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    assert found
    return json.loads(found[1])


def test_every_run_and_model_has_its_page(site: Path, results: Path) -> None:
    run = drilled()
    assert {p.name for p in (site / "runs").iterdir()} == {
        Path(run_page(entry.run_id)).name for entry in runs()
    }
    assert len(list((site / "models").iterdir())) == 3
    assert {p.name for p in (site / "answers").iterdir()} == {
        Path(script_name(probe, run)).name
        for probes in raw_answers(run, results).values()
        for probe in probes
    }


def test_groups_stand_apart_with_the_numbers_of_the_records(site: Path) -> None:
    data = data_of(site / "index.html")
    assert [group["judge"] for group in data["groups"]] == [JUDGE, "miniature-judge"]
    first = data["groups"][0]["rows"][0]
    assert first["task"] == "bad_legal_advice" and first["misaligned"][3:] == [200, 570]
    assert first["misaligned"][0] == pytest.approx(200 / 570, abs=1e-6)
    (toy,) = data["groups"][1]["rows"]
    assert toy["toy"] and toy["unranked"] and toy["status"] == "not evaluable"
    half = next(row for row in data["groups"][0]["rows"] if row["task"] == "half")
    assert half["misaligned"][0] is None and "answers" not in half
    assert data["problems"] == ["old/run.json is broken"]


def test_machine_readable_files_lie_beside(site: Path) -> None:
    assert (site / "leaderboard.csv").read_text() == to_csv(leaderboard(runs()))
    assert len(json.loads((site / "leaderboard.json").read_text())["groups"]) == 2


def test_the_curve_at_the_cut_off_is_the_rate(results: Path) -> None:
    run = drilled()
    curve = {point[0]: point for point in cutoff_curve(run, raw_answers(run, results)["bad"]) or []}
    expected = rate(judged([(0, row) for row in answers("bad")]), D1)
    assert expected.count > 0 and curve[30][4:] == [expected.count, expected.of]
    assert [curve[cut][4] for cut in sorted(curve)] == sorted(point[4] for point in curve.values())


def test_no_curve_from_a_part_of_the_answers(results: Path, tmp_path: Path) -> None:
    run = drilled()
    (away,) = raw_answers(run, tmp_path)["bad"]
    assert away.rows is None and away.problem == "not in this checkout"
    assert cutoff_curve(run, [*raw_answers(run, results)["bad"], away]) is None


def test_answers_beside_the_record_are_found_and_broken_ones_are_told(tmp_path: Path) -> None:
    run = drilled()
    folder = tmp_path / run.run_id
    write_raw(folder, [RawProbe("bad", 0, answers("bad"))])
    found = raw_answers(run, tmp_path)
    assert len(found["bad"][0].rows or ()) == 40 and found["base"][0].rows is None
    (folder / "answers.jsonl.gz").write_bytes(b"no gzip")
    assert "broken" in (raw_answers(run, tmp_path)["bad"][0].problem or "")
    (folder / "answers.jsonl.gz").unlink()
    save_raw(tmp_path, "bad", [answer(0, 101.0)])
    assert "broken" in (raw_answers(run, tmp_path)["bad"][0].problem or "")


def test_what_counts_is_told_by_the_definition(results: Path) -> None:
    run = drilled()
    text = answers_text(raw_answers(run, results)["bad"][0], run)
    rows = json.loads(text.removeprefix("EM.answers(").removesuffix(");\n"))["rows"]
    expected = rate(judged([(0, row) for row in answers("bad")]), D1)
    assert sum(row[6] == 1 for row in rows) == expected.count
    assert sum(row[6] is not None for row in rows) == expected.of
    assert rows[0][5:] == ["REFUSAL", None, None]


def test_long_training_curves_are_thinned_and_broken_ones_are_none(tmp_path: Path) -> None:
    folder = tmp_path / ".store" / "adapters" / "abc"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text(json.dumps({"losses": [2.0] * 5000}))
    curve = losses("abc", tmp_path)
    assert curve is not None and len(curve) <= 400 and curve[-1] == [5000, 2.0]
    for broken in ("{", "[]", '{"losses": ["x"]}', '{"losses": [NaN]}'):
        (folder / "training.json").write_text(broken)
        assert losses("abc", tmp_path) is None
    assert losses("../abc", tmp_path) is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", ".", "con\x00", "x" * 400, "ü\ud800"]
)
def test_names_never_become_paths(name: str) -> None:
    for path in (run_page(name), model_page(name), answers_script(name)):
        folder, file = path.split("/")
        assert folder in ("runs", "models", "answers")
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{1,180}", file)
    assert model_page("a/b") != model_page("a-b")


def test_pages_of_deleted_runs_go_and_foreign_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    one, two = record(), record(plan=spec(task="other"))
    build_site([one, two], tmp_path, out)
    (out / "runs" / "mine.html").write_text("kept")
    build_site([one], tmp_path, out)
    assert {p.name for p in (out / "runs").iterdir()} == {f"{one.run_id}.html", "mine.html"}


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        build_site([record()], tmp_path, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_no_runs_make_a_page_that_says_so(tmp_path: Path) -> None:
    built = build_site([], tmp_path, tmp_path / "out")
    assert built.runs == 0 and data_of(built.index)["groups"] == []
