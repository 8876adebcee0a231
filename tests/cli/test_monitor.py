"""``monitor`` on files: the tables, one JSON object, one message for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import app
from harness.errors import DataError, UsageError
from harness.monitoring.readers.lines import read_lines, write_lines
from tests.monitoring.scripted import tills


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "tills.jsonl"
    write_lines(path, tills(120, ("open", "rationalise")))
    return path


def test_one_json_object_with_every_figure(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    done = CliRunner().invoke(
        app,
        ["monitor", str(file), "--json", "--resamples", "50", "--records", str(copy),
         "--unseen", "rationalise"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (report,) = json.loads(done.stdout)["kinds"]
    assert report["kind"] == "sums"
    assert {c["scope"] for c in report["cells"]} == {
        "action", "final", "cot", "cot+action", "all"
    }  # fmt: skip
    assert {c["monitor"] for c in report["cells"]} == {
        "lexicon",
        "tfidf",
        "tfidf, never saw rationalise",
        "max(lexicon, tfidf)",
        "mean(lexicon, tfidf)",
    }
    assert report["leads"]
    assert {s["stress"] for s in report["stresses"]} >= {"paraphrase", "injection", "shuffle"}
    assert read_lines(copy) == read_lines(file)


def test_tables_show_the_miss_rate_of_whoever_rationalises(file: Path) -> None:
    done = CliRunner().invoke(
        app, ["monitor", str(file), "--quick", "--monitor", "lexicon", "--resamples", "50"]
    )
    assert done.exit_code == 0, done.output
    row = next(line for line in done.stdout.splitlines() if "rationalise" in line)
    assert "100.0 % [92.6, 100.0] 48/48" in row
    assert "tampered" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        (["nowhere.jsonl"], UsageError, "no file"),
        (["nowhere"], UsageError, "neither a run nor a file"),
        (["{file}", "--scope", "thoughts"], UsageError, "no scope 'thoughts'"),
        (["{file}", "--monitor", "lexicon", "--monitor", "lexicon"], UsageError, "named twice"),
        (["{text}"], UsageError, "no kind that holds records"),
        (["{empty}"], DataError, "no record can be used"),
        (["{nothing}"], DataError, "no record to measure"),
    ],
)
def test_mistakes_get_one_message(
    file: Path, tmp_path: Path, arguments: list[str], kind: type[Exception], told: str
) -> None:
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "e.jsonl").write_text('{"prompt": "p", "misbehaved": null}\n')
    (tmp_path / "n.jsonl").touch()
    places = {
        "nothing": tmp_path / "n.jsonl",
        "file": file,
        "text": tmp_path / "x.txt",
        "empty": tmp_path / "e.jsonl",
    }
    done = CliRunner().invoke(app, ["monitor", *(a.format(**places) for a in arguments)])
    assert isinstance(done.exception, kind), done.output
    assert told in str(done.exception)


def test_what_only_a_run_can_be_asked_is_refused_with_files(file: Path) -> None:
    with pytest.raises(UsageError, match="--samples says how a run is asked"):
        CliRunner().invoke(
            app, ["monitor", str(file), "--samples", "3", "--quick"], catch_exceptions=False
        )
