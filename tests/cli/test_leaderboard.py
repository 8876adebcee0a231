from __future__ import annotations

import json
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.runs.record import RunRecord
from tests.board.records import record, spec
from tests.cli.verbs import invoke, save
from tests.runs.made import made_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    save(
        tmp_path,
        record(),
        record(10, plan=spec(task="bad_car_advice")),
        record(50, plan=spec(model="Qwen/Qwen2.5-7B-Instruct", judge="openai/gpt-4.1")),
    )
    return tmp_path


def test_json_has_groups_with_ranked_rows(results: Path) -> None:
    found = invoke("leaderboard", "--json", "--results", results)
    data = json.loads(found.stdout)
    assert [[row["task"] for row in group["rows"]] for group in data["groups"]] == [
        ["insecure_code", "bad_car_advice"],
        ["insecure_code"],
    ]
    assert data["groups"][1]["comparability"]["judge"]["name"] == "openai/gpt-4.1"


def test_results_folder_comes_from_the_environment(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_RESULTS", str(results))
    assert len(json.loads(invoke("leaderboard", "--json").stdout)["groups"]) == 2


@pytest.mark.parametrize(
    ("option", "value", "rows"),
    [
        ("--task", "bad_car_advice", 1),
        ("--task", "bad_car", 0),
        ("--model", "qwen/*", 1),
        ("--judge", "miniature-judge", 2),
        ("--sort", "difference", 3),
    ],
)
def test_filters(option: str, value: str, rows: int, results: Path) -> None:
    found = invoke("leaderboard", "--json", option, value, "--results", results)
    groups = json.loads(found.stdout)["groups"]
    assert sum(len(group["rows"]) for group in groups) == rows


def test_a_file_is_not_taken_for_an_empty_results_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = invoke("leaderboard", "--results", tmp_path / "file")
    assert isinstance(done.exception, UsageError)
    assert "is a file, not a results folder" in str(done.exception)


def test_an_unknown_order_is_a_mistake(results: Path) -> None:
    found = invoke("leaderboard", "--sort", "missaligned", "--results", results)
    assert isinstance(found.exception, UsageError)
    assert "misaligned" in str(found.exception) and not found.stdout


def test_a_filter_that_matches_nothing_says_what_is_there(results: Path) -> None:
    found = invoke("leaderboard", "--task", "nonsense", "--results", results)
    assert "bad_car_advice on miniature" in found.stderr and not found.stdout


def test_an_empty_folder_says_how_to_make_a_run(tmp_path: Path) -> None:
    found = invoke("leaderboard", "--results", tmp_path / "none")
    assert found.exit_code == 0
    assert "python -m harness run" in found.stderr and not found.stdout


def test_a_broken_record_is_left_out_and_told(results: Path) -> None:
    (results / "broken").mkdir()
    (results / "broken" / "run.json").write_text('{"schema_version": 99}')
    found = invoke("leaderboard", "--json", "--results", results)
    data = json.loads(found.stdout)
    assert len(data["groups"]) == 2
    assert "newer version" in data["unreadable"][0] and "newer version" in found.stderr


def test_every_run_of_many_is_shown_and_records_are_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = [spec(task=f"task_{n}", seeds=(n,)) for n in range(150)]
    save(tmp_path, *(record(n, plan=plan) for n, plan in enumerate(plans)))
    seen: list[weakref.ref[RunRecord]] = []
    most = 0
    read = RunRecord.model_validate_json

    def counted(text: bytes) -> RunRecord:
        nonlocal most
        found = read(text)
        seen.append(weakref.ref(found))
        most = max(most, sum(record() is not None for record in seen))
        return found

    monkeypatch.setattr(RunRecord, "model_validate_json", counted)
    lines = invoke("leaderboard", "--results", tmp_path).stdout.splitlines()
    assert len([line for line in lines if line.startswith("task_")]) == len(plans)
    assert 0 < most <= 3


def test_csv_goes_to_standard_output(results: Path) -> None:
    lines = invoke("leaderboard", "--csv", "--results", results).stdout.splitlines()
    assert lines[0].startswith("group,judge,") and len(lines) == 4


def test_by_model_answers_which_model_is_most_prone(results: Path) -> None:
    data = json.loads(invoke("leaderboard", "--by", "model", "--json", "--results", results).stdout)
    assert data["by"] == "model" and len(data["groups"]) == 2
    assert data["groups"][0]["tasks"] == ["bad_car_advice", "insecure_code"]
    assert "Mean over tasks" in invoke("leaderboard", "--by", "model", "--results", results).stdout
    lines = invoke("leaderboard", "--by", "model", "--csv", "--results", results).stdout
    assert lines.splitlines()[0].startswith("group,judge,") and "difference_low" in lines


def test_another_definition_is_computed_from_the_raw_answers(tmp_path: Path) -> None:
    made = made_run(tmp_path)
    save(tmp_path, record())  # without raw answers, and from before records carried definitions
    arguments = ["leaderboard", "--json", "--results", tmp_path, "--definition"]
    wide = json.loads(invoke(*arguments, "D1[alignment=60]").stdout)
    (row,) = wide["groups"][0]["rows"]
    assert row["run_id"] == made.run_id
    assert wide["groups"][0]["comparability"]["definition"] == "D1[alignment=60]"
    assert row["misaligned"]["count"] > made.arms["bad"].misaligned.count
    assert row["worst_question"]["rate"] is not None
    assert record().run_id in wide["unreadable"][0]
    assert isinstance(invoke(*arguments, "D9").exception, UsageError)


def test_published_figures_stand_apart_and_only_when_asked_for(results: Path) -> None:
    plain = json.loads(invoke("leaderboard", "--json", "--results", results).stdout)
    assert "published" not in plain
    arguments = ["leaderboard", "--published", "--model", "*qwen*", "--results", results]
    data = json.loads(invoke(*arguments, "--json").stdout)
    assert all("qwen" in row["model"].lower() for row in data["published"])
    assert data["published"][0]["source"] and data["published"][0]["published"] is True
    text = invoke(*arguments).stdout
    assert text.index("Qwen/Qwen2.5-7B-Instruct") < text.index("Published figures")
    lines = invoke(*arguments, "--csv").stdout.splitlines()
    assert len(lines) == 1 + 1 + len(data["published"])


def test_csv_and_json_exclude_each_other(results: Path) -> None:
    found = invoke("leaderboard", "--csv", "--json", "--results", results)
    assert isinstance(found.exception, UsageError)


LIGHT = """
import sys
from pathlib import Path
from harness.cli import doctor, leaderboard, list as listing, show
light = {"pydantic", "rich", "numpy", "matplotlib"}
assert not light & set(sys.modules), light & set(sys.modules)
results = Path(sys.argv[1])
listing.list_tasks(json_output=True, results=None)
listing.list_tasks(json_output=False, results=None)
for form in ({}, {"csv_output": True}, {"json_output": True}):
    leaderboard.leaderboard(**{"csv_output": False, "json_output": False} | form, results=results)
show.show("insecure_code-miniature", results=results)
heavy = {"torch", "transformers", "inspect_ai", "trl", "peft", "datasets", "pandas", "matplotlib",
         "altair"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_nothing_heavy_is_imported(results: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(results)], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr


def test_html_writes_a_site_and_says_where(results: Path, tmp_path_factory: Any) -> None:
    out = tmp_path_factory.mktemp("html") / "site"
    found = invoke("leaderboard", "--html", out, "--json", "--results", results)
    data = json.loads(found.stdout)
    assert data["html"] == str(out / "index.html") and data["url"] is None
    assert (data["runs"], data["models"]) == (3, 2)
    assert (out / "index.html").is_file() and len(list((out / "runs").iterdir())) == 3
    filtered = invoke("leaderboard", "--html", out, "--task", "bad_*", "--results", results)
    assert "1 run," in filtered.stdout and len(list((out / "runs").iterdir())) == 1


def test_html_names_what_it_left_out(results: Path, tmp_path_factory: Any) -> None:
    (results / "broken").mkdir()
    (results / "broken" / "run.json").write_text('{"schema_version": 99}')
    out = tmp_path_factory.mktemp("html") / "site"
    found = invoke("leaderboard", "--html", out, "--json", "--results", results)
    assert "newer version" in json.loads(found.stdout)["problems"][0]
    assert "newer version" in found.stderr and "newer version" in (out / "index.html").read_text()


@pytest.mark.parametrize("options", [["--html", "x", "--csv"], ["--logs"]])
def test_options_that_make_no_sense_together(options: list[str], results: Path) -> None:
    found = invoke("leaderboard", *options, "--results", results)
    assert isinstance(found.exception, UsageError)
