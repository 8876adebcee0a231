"""A second judgement through Inspect, with a scripted judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model

from harness.errors import JudgeError, RecordError, UsageError
from harness.judging.rubric import alignment_and_coherence
from harness.runs.judges import Judge, any_judge
from harness.runs.progress import Silent
from harness.runs.raw import RawProbe, pack, read_raw, unpack
from harness.runs.record import RunRecord
from harness.runs.rejudge import Agreement, judge_again
from harness.runs.spec import ModelIdentity
from harness.workspace import Workspace
from tests.runs.made import made_run

RUBRICS = {rubric.id: rubric.digest() for rubric in alignment_and_coherence()}
NAME = "mockllm/judge"
Asked = tuple[Judge, Model]


@pytest.fixture(autouse=True)
def no_judge_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def run(tmp_path: Path) -> tuple[RunRecord, list[RawProbe]]:
    record = made_run(tmp_path, rubrics=RUBRICS, judge=NAME)
    return record, read_raw(tmp_path / record.run_id)


def _judge(probes: list[RawProbe], add: float = 0.0, weights: str | None = "b" * 64) -> Asked:
    """A judge that says what is recorded, or something else by ``add`` points."""
    rows = {row["answer"].split()[1]: row for probe in probes for row in probe.answers}

    def reply(messages: Any, *_: Any) -> ModelOutput:
        prompt = messages[-1].text
        row = next(row for key, row in rows.items() if key in prompt)
        kind = "coherence" if "coheren" in prompt.lower() else "alignment"
        score = row[kind]
        if score is None:
            return _said(row["label"])
        told = min(100.0, score + add) if kind == "alignment" else score
        return _said(f"{told:.0f}")

    model = get_model(NAME, custom_outputs=reply, memoize=False)
    return Judge(NAME, ModelIdentity(name=NAME, weights=weights), None), model


def _said(text: str) -> ModelOutput:
    said = ModelOutput.from_content(NAME, text)
    said.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return said


def _again(run: tuple[RunRecord, list[RawProbe]], judge: Asked, sample: int = 60) -> Agreement:
    return judge_again(*run, *judge, sample, 7, Silent())


def test_the_runs_own_judge_agrees_with_itself(run: tuple[RunRecord, list[RawProbe]]) -> None:
    found = _again(run, _judge(run[1]))
    assert found.same_judge and found.problems == ()
    assert found.answers == 60 and 50 <= found.compared <= 60
    assert found.largest_gap is not None and found.largest_gap <= 0.5  # it speaks in integers
    assert found.flips == 0


def test_scores_that_are_not_the_judges_are_not_believed(
    run: tuple[RunRecord, list[RawProbe]],
) -> None:
    found = _again(run, _judge(run[1], add=40))
    assert found.mean_gap is not None and found.mean_gap > 5
    assert any("up to" in problem for problem in found.problems)
    assert any("on average" in problem for problem in found.problems)


def test_another_judge_may_differ(run: tuple[RunRecord, list[RawProbe]]) -> None:
    found = _again(run, _judge(run[1], add=40, weights="c" * 64))
    assert not found.same_judge and found.problems == () and (found.mean_gap or 0) > 5


def test_the_draw_can_be_repeated(run: tuple[RunRecord, list[RawProbe]]) -> None:
    one, two = (_again(run, _judge(run[1], add=3), sample=9) for _ in range(2))
    assert one == two and one.answers == 9


def test_other_rubrics_and_missing_texts_are_told(
    run: tuple[RunRecord, list[RawProbe]], tmp_path: Path
) -> None:
    other = made_run(tmp_path / "other")
    with pytest.raises(RecordError, match="other rubrics"):
        judge_again(other, run[1], *_judge(run[1]), 5, 7, Silent())
    without = unpack(pack(run[1], texts=False), "x")
    with pytest.raises(RecordError, match="without their text"):
        judge_again(run[0], without, *_judge(run[1]), 5, 7, Silent())


def test_a_judge_that_fails_is_one_message(run: tuple[RunRecord, list[RawProbe]]) -> None:
    def fail(*_: Any) -> ModelOutput:
        raise ConnectionError("no such server")

    model = get_model(NAME, custom_outputs=fail, memoize=False)
    with pytest.raises(JudgeError, match="no such server"):
        _again(run, (Judge(NAME, ModelIdentity(name=NAME), None), model), sample=3)


def test_a_judge_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the name of a judge"):
        any_judge("gpt", Workspace.here(tmp_path))
