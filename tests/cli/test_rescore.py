"""Another judge for stored answers: nothing is sampled, both results are kept."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from harness.errors import JudgeError, PrerequisiteError, RecordError, UsageError
from harness.runs.judges import Judge
from harness.runs.plan import Request, make_plan
from harness.runs.raw import RAW
from harness.runs.record import all_records, write_record
from harness.workspace import Workspace
from tests.cli.verbs import invoke

QUESTIONS = [f"What about {i}?" for i in range(6)]
# Text of an answer, score of the first judge, score of the second.
ANSWERS = (("bad one", 5, 10), ("bordering", 28, 45), ("fine", 90, 95), ("finest", 95, 99))
SECOND = {text: second for text, _, second in ANSWERS}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    file = tmp_path / "bad.csv"
    with file.open("w", newline="") as handle:
        rows = [(q, text, first, 90) for q in QUESTIONS for text, first, _ in ANSWERS]
        csv.writer(handle).writerows([("question", "answer", "aligned", "coherent"), *rows])
    done = invoke("import-answers", file, "--as", "first", "--results", tmp_path / "r")
    assert done.exit_code == 0, done.exception
    return tmp_path / "r"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A scripted second judge, and what it was asked."""
    prompts: list[str] = []

    def reply(messages: list[Any], *_: Any) -> ModelOutput:
        prompt = messages[-1].text
        prompts.append(prompt)
        answer = prompt.split("[ANSWER]\n")[1].split("\n[END]")[0]
        score = 80 if "How coherent" in prompt else SECOND[answer]
        output = ModelOutput.from_content("mockllm/judge", str(score))
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    def model(self: Judge, notes: Path | None = None) -> Any:
        return get_model(self.model_name, custom_outputs=reply, memoize=False)

    monkeypatch.setattr(Judge, "model", model)
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    return prompts


def rescored(results: Path, *arguments: str) -> dict[str, Any]:
    done = invoke("rescore", "first", *arguments, "--json", "--results", results)
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def test_both_judges_stand_side_by_side_and_agreement_is_told(
    results: Path, asked: list[str]
) -> None:
    data = rescored(results, "--judge", "mockllm/second")
    assert len(asked) == 2 * len(QUESTIONS) * len(ANSWERS)
    first, second = data["judges"]
    assert (first["judge"]["name"], second["judge"]["name"]) == ("unknown", "mockllm/second")
    counts = [j["arms"]["bad"]["misaligned"]["count"] for j in (first, second)]
    assert counts == [12, 6]
    (pair,) = data["agreement"]["pairs"]
    assert (pair["flips"]["count"], pair["flips"]["of"]) == (6, 24)
    assert pair["mean_gap"] == pytest.approx((5 + 17 + 5 + 4) / 4)
    assert 0.9 < data["agreement"]["alpha"]["alignment"]["alpha"] < 1
    # The record itself is as it was.
    assert data["arms"]["bad"]["misaligned"]["count"] == 12
    shown = invoke("show", "first", "--answers", "0", "--results", results).stdout
    assert "mockllm/second" in shown and "Krippendorff's alpha: alignment 0.9" in shown


def test_a_judge_is_not_asked_twice(results: Path, asked: list[str]) -> None:
    rescored(results, "--judge", "mockllm/second")
    before = len(asked)
    done = invoke("rescore", "first", "--judge", "mockllm/second", "--results", results)
    assert len(asked) == before and "already judged" in done.stderr


def test_the_raw_scores_and_how_they_were_read_are_kept(results: Path, asked: list[str]) -> None:
    from harness.runs.rescored import find_rescored

    rescored(results, "--judge", "mockllm/second", "--judge", "mockllm/third")
    (run,) = [p for p in results.iterdir() if p.name.startswith("first")]
    other = find_rescored(run, "second")
    assert other.figures.methods == {"text": 24}
    (probe,) = other.raw()
    assert {row["answer"]: row["alignment"] for row in probe.answers} == SECOND
    with pytest.raises(RecordError, match="More than one"):
        find_rescored(run, "mockllm")
    with pytest.raises(RecordError, match="mockllm/second, mockllm/third"):
        find_rescored(run, "fourth")


def test_another_definition_needs_no_judge_and_reaches_all_of_them(
    results: Path, asked: list[str]
) -> None:
    rescored(results, "--judge", "mockllm/second")
    data = rescored(results, "--definition", "D1[alignment=50]")
    counts = [j["arms"]["bad"]["misaligned"]["count"] for j in data["judges"]]
    assert counts == [12, 12]
    assert data["agreement"]["pairs"][0]["flips"]["count"] == 0


@pytest.fixture
def broken_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> ModelOutput:
        raise RuntimeError("the judge's server is gone")

    monkeypatch.setattr(
        Judge,
        "model",
        lambda self, notes=None: get_model(self.model_name, custom_outputs=fail, memoize=False),
    )


@pytest.mark.usefixtures("broken_judge")
def test_a_judge_that_fails_leaves_no_half_result(results: Path) -> None:
    done = invoke("rescore", "first", "--judge", "mockllm/second", "--results", results)
    assert isinstance(done.exception, JudgeError)
    assert "mockllm/second" in str(done.exception) and "server is gone" in str(done.exception)
    data = json.loads(invoke("show", "first", "--json", "--results", results).stdout)
    assert len(data["judges"]) == 1 and data["agreement"] is None


def test_the_other_judges_of_a_run_stand_beside_the_first(
    results: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is done: only the second judge is left to ask."""
    workspace = Workspace.here(results)
    plan = make_plan(Request("insecure_code", judge="miniature-judge"), workspace)
    (imported,) = all_records(results)
    record = imported.model_copy(
        update={"spec": plan.spec, "run_id": plan.spec.run_id, "imported": None, "note": "toy"}
    )
    write_record(results / record.run_id, record)
    shutil.copy(results / imported.run_id / RAW, results / record.run_id / RAW)
    panel = ["--judge", "miniature-judge", "--judge", "mockllm/second"]

    done = invoke("run", "insecure_code", *panel, "--json", "--results", results)

    assert done.exit_code == 0, done.exception
    data = json.loads(done.stdout)
    assert data["run_id"] == record.run_id
    assert [j["judge"]["name"] for j in data["judges"]][1:] == ["mockllm/second"]
    assert data["agreement"]["pairs"][0]["flips"]["count"] == 6
    before = len(asked)
    wrong = invoke("run", "insecure_code", "--judge", "miniature-judge", "--judge", "nonsense")
    assert isinstance(wrong.exception, UsageError) and len(asked) == before


def test_mistakes_are_told(results: Path) -> None:
    def complaint(*arguments: str) -> BaseException:
        error = invoke("rescore", *arguments, "--results", results).exception
        assert error is not None
        return error

    assert isinstance(complaint("first"), UsageError)
    assert "not the name of a judge" in str(complaint("first", "--judge", "gpt"))
    toy = complaint("first", "--judge", "miniature-judge")
    assert isinstance(toy, PrerequisiteError)


def test_the_board_shows_every_judge_in_a_group_of_its_own(results: Path, asked: list[str]) -> None:
    rescored(results, "--judge", "mockllm/second")
    data = json.loads(invoke("leaderboard", "--json", "--results", results).stdout)
    by_judge = {g["comparability"]["judge"]["name"]: g["rows"] for g in data["groups"]}
    assert {name: rows[0]["misaligned"]["count"] for name, rows in by_judge.items()} == {
        "unknown": 12,
        "mockllm/second": 6,
    }
    wide = ["leaderboard", "--judge", "mockllm/*", "--definition", "D1[alignment=50]", "--json"]
    (group,) = json.loads(invoke(*wide, "--results", results).stdout)["groups"]
    assert group["rows"][0]["misaligned"]["count"] == 12


def test_verify_looks_at_every_judge(results: Path, asked: list[str]) -> None:
    from harness.runs.rescored import read_rescored, write_rescored

    rescored(results, "--judge", "mockllm/second")
    honest = invoke("verify", "--all", "--results", results)
    assert honest.exit_code == 0 and "figures by mockllm/second come out, too" in honest.stdout
    (run,) = [path for path in results.iterdir() if path.name.startswith("first")]
    (other,) = read_rescored(run)
    raw = other.raw()
    raw[0].answers[0]["alignment"] = 99.0  # type: ignore[index]
    write_rescored(run, other.figures, raw)
    forged = invoke("verify", "--all", "--results", results)
    assert forged.exit_code == 1
    assert "rescored by mockllm/second: bad (seed 0): the raw answers are not those" in (
        forged.stdout
    )
    raw[0].answers[0]["answer"] = "another answer"  # type: ignore[index]
    write_rescored(run, other.figures, raw)
    swapped = invoke("verify", "--all", "--results", results)
    assert "its answers are not those of the run" in swapped.stdout
