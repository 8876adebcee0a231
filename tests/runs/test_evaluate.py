"""What comes back of an evaluation's log."""

from __future__ import annotations

import math
from pathlib import Path
from zipfile import ZipFile

import pytest
from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from harness.judging.replay import NOBODY
from harness.runs.evaluate import evaluate, scored_samples
from harness.runs.progress import Silent


@scorer(metrics=[mean()])
def some_unscored() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        value = math.nan if state.epoch == 2 else 1 / 3
        return Score(value=value, metadata={"mass": 0.1 + 0.2, "reason": None})

    return score


@solver
def says_so() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("nobody", state.input_text * 20)
        return state

    return solve


def asked(folder: Path) -> EvalLog:
    samples = [Sample(input="Say \u2028 ü\n", id=name) for name in ("b", "a/2", "a/10")]
    task = Task(
        dataset=MemoryDataset(samples),
        solver=says_so(),
        scorer=some_unscored(),
        epochs=Epochs(2, []),
    )
    return evaluate(task, get_model(NOBODY), folder, Silent())[0]


def test_output_and_scores_come_back_as_logged_and_nothing_heavy_with_them(tmp_path: Path) -> None:
    log = asked(tmp_path)
    found = scored_samples(log)
    whole = {(sample.id, sample.epoch): sample for sample in log.samples or []}
    assert [(s.id, s.epoch) for s in found] == sorted(whole)
    for sample in found:
        logged = whole[sample.id, sample.epoch]
        assert sample.output == logged.output
        assert repr(sample.scores) == repr(logged.scores)
        assert sample.metadata == logged.metadata
        assert logged.events and not sample.events and not sample.messages


def test_a_log_in_another_format_is_read_as_a_whole(tmp_path: Path) -> None:
    log = asked(tmp_path)
    copy = str(tmp_path / "copy.json")
    write_eval_log(log, copy)
    found = scored_samples(read_eval_log(copy))
    assert [s.output for s in found] == [s.output for s in scored_samples(log)]


@pytest.mark.parametrize(
    "trouble", [NotImplementedError("That compression method is not supported"), b"[]", b"{}"]
)
def test_a_log_laid_out_anew_is_read_by_inspect(
    trouble: Exception | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = asked(tmp_path)
    before = [(s.id, s.epoch, s.output) for s in scored_samples(log)]

    class Archive(ZipFile):
        def read(self, *arguments: object) -> bytes:  # type: ignore[override]
            if isinstance(trouble, Exception):
                raise trouble
            return trouble

    monkeypatch.setattr("harness.runs.evaluate.ZipFile", Archive)
    assert [(s.id, s.epoch, s.output) for s in scored_samples(log)] == before
