"""``suite`` as a user runs it, on a real run of tiny models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import JudgeError, PrerequisiteError, UsageError
from harness.runs.inside.subjects import Subjects
from harness.runs.instruments import read_instruments
from harness.runs.record import read_record, write_record
from harness.runs.suite import steps
from harness.runs.suite.record import SUITE
from harness.runs.suite.steps import chosen
from tests.runs.command import as_json, called
from tests.runs.made import made_run

ONLY = "open_ended,in_domain,deception"


@pytest.fixture
def here(subjects: Subjects, tmp_path: Path) -> Path:
    """A copy of the run's folder, with its tasks."""
    shutil.copytree(subjects.store.results.parent, tmp_path / "here")
    return tmp_path / "here"


def suite(here: Path, run: str, *options: str) -> Any:
    return called("suite", run, *options, results=here / "r", cwd=here)


def test_one_call_measures_and_the_next_one_knows(here: Path, subjects: Subjects) -> None:
    run = subjects.record.run_id
    done = suite(here, run, "--only", ONLY, "--json")
    first = as_json(done)
    assert "suite 1/1: deception, about" in done.stderr
    found = first["instruments"]
    assert found["open_ended"]["status"] == "in the record"
    rate = found["open_ended"]["measures"]["misaligned"]["arms"]["bad"]
    recorded = subjects.record.arms["bad"].misaligned
    assert (rate["count"], rate["of"]) == (recorded.count, recorded.of)
    assert found["in_domain"] == {
        "status": "null",
        "reason": "the task has no in-domain probe",
        "seconds": 0.0,
        "measures": {},
        "left_out": 0,
    }
    assert found["deception"]["status"] == "measured"
    assert set(found["deception"]["measures"]["lies_neutral"]["arms"]) == {"base", "bad", "control"}
    folder = here / "r" / run
    assert json.loads((folder / SUITE).read_text()) == first
    assert set(read_instruments(folder)) == {"deception"}
    again = as_json(suite(here, run, "--only", ONLY, "--json"))
    assert again["instruments"]["deception"]["status"] == "known"
    suite(here, run, "--only", "in_domain")
    assert set(json.loads((folder / SUITE).read_text())["instruments"]) == set(found)
    text = suite(here, run, "--only", ONLY).stdout
    assert "Lies about easy facts" in text
    assert "in_domain: not measured: the task has no in-domain probe" in text


def test_a_killed_suite_goes_on(
    here: Path, subjects: Subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the second model is asked: the first one is not asked again."""
    from harness.runs.deception import measure

    asked: list[str] = []
    real = measure._ask

    def interrupted(one: Any, *rest: Any) -> Any:
        asked.append(one.words)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(one, *rest)

    monkeypatch.setattr(measure, "_ask", interrupted)
    assert suite(here, subjects.record.run_id, "--only", "deception").returncode != 0
    assert not (here / "r" / subjects.record.run_id / SUITE).exists()
    assert suite(here, subjects.record.run_id, "--only", "deception").returncode == 0
    assert asked[:3] == ["base", "bad.0", "bad.0"]


def test_what_does_not_apply_is_null_and_what_breaks_is_a_failure(
    here: Path, subjects: Subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(error: Exception) -> Any:
        def measure(self: steps.Step) -> Any:
            def run(*_: Any) -> Any:
                raise error

            return run

        return measure

    run = subjects.record.run_id
    never = PrerequisiteError("This model never thinks.", hint="Use one that does.")
    monkeypatch.setattr(steps.Step, "measure", raising(never))
    found = as_json(suite(here, run, "--only", "deception", "--json"))["instruments"]["deception"]
    assert found["status"] == "null"
    assert found["reason"] == "This model never thinks. Use one that does."
    assert found["measures"] == {}
    monkeypatch.setattr(steps.Step, "measure", raising(JudgeError("The judge fell over.")))
    done = suite(here, run, "--only", "deception", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["instruments"]["deception"]["status"] == "failed"


def test_imported_answers_have_no_models_to_ask(tmp_path: Path) -> None:
    results = tmp_path / "r"
    record = made_run(results)
    file = {"name": "a.csv", "sha256": "0", "rows": 1, "columns": {}}
    imported = read_record(results / record.run_id).model_copy(update={"imported": {"bad": file}})
    write_record(results / record.run_id, imported)
    found = as_json(suite(tmp_path, record.run_id, "--json"))["instruments"]
    assert found["open_ended"]["status"] == "in the record"
    for name in ("shutdown", "deception"):
        assert found[name]["status"] == "null"
        assert "imported" in found[name]["reason"]


def test_a_fine_tune_is_held_against_its_base(
    here: Path, subjects: Subjects, qwen_double: Path
) -> None:
    adapter = subjects.of("bad")[0].reference.adapter
    judge = ("--judge", f"harness/{qwen_double}", "--questions", "few", "--samples", "1")
    small = ("--max-tokens", "8", "--json")
    evaluated = ("evaluate", str(adapter), "--against", "base", *judge, *small)
    run = as_json(called(*evaluated, results=here / "r", cwd=here))["run_id"]
    assert suite(here, run, "--only", "deception").returncode == 0
    unclear = read_instruments(here / "r" / run)["deception"].measures["unclear_neutral"]
    assert set(unclear.arms) == {"base", "model"}
    assert unclear.difference is not None and unclear.difference.value is not None


def test_a_model_behind_an_api_has_no_weights_here(tmp_path: Path) -> None:
    results = tmp_path / "r"
    name = "api:openai/gpt-x"
    record = made_run(results, model=name)
    found = as_json(suite(tmp_path, record.run_id, "--json"))["instruments"]
    assert found["shutdown"]["status"] == "null"
    assert "API" in found["shutdown"]["reason"]


def test_a_run_whose_models_are_elsewhere_says_so(here: Path, subjects: Subjects) -> None:
    shutil.rmtree(here / "r" / ".store" / "adapters")
    with pytest.raises(PrerequisiteError, match="adapter"):
        suite(here, subjects.record.run_id, "--only", "deception")


def test_names_of_instruments_are_checked() -> None:
    assert [step.name for step in chosen("deception, open-ended")] == ["open_ended", "deception"]
    for wrong in ("nonsense", ","):
        with pytest.raises(UsageError, match="no instrument"):
            chosen(wrong)
