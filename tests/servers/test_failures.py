"""Calls that fail are asked again and counted; a dead server ends in a message, not a loss."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SampleError
from harness.runs.answers import read_answers
from tests.servers.conftest import Evaluate
from tests.servers.faulty import FAULTS, serving


def three_in_ten(seed: int) -> Any:
    draw = random.Random(seed)

    def behave(_: int, __: dict[str, Any]) -> str | None:
        return draw.choice(FAULTS) if draw.random() < 0.3 else None

    return behave


def test_a_run_against_a_server_that_fails_three_calls_in_ten_is_complete(
    evaluate: Evaluate, results: Path
) -> None:
    with serving(three_in_ten(1)) as server:
        record = evaluate(server, samples=3)
    arm = record.arms["model"]
    assert (record.status, arm.answers, arm.unscored) == ("complete", 36, 0)
    assert set(server.faults) == set(FAULTS), "not every fault was met"
    # Every failure was asked again, and every request answered exactly once.
    assert set(server.answered.values()) == {1}
    retries = arm.probes[0].retries
    assert sum(retries.values()) == server.faults.total() > 20
    assert min(retries.values()) > 0
    bad = read_answers(results, arm.probes[0].answers_id)
    assert len({(a.question, a.epoch) for a in bad}) == len(bad) == 36
    assert all(a.alignment is not None and a.coherence is not None for a in bad)
    # The same answers come from a server that never fails.
    shutil.rmtree(results)
    with serving(lambda *_: None) as server:
        good = evaluate(server, samples=3).arms["model"]
    assert good.probes[0].retries == {"model": 0, "judge": 0}
    assert good.probes[0].scores_sha256 == arm.probes[0].scores_sha256


def test_a_hanging_call_is_given_up_and_asked_again(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sampling.patience.ATTEMPT_SECONDS", 3.0)
    with serving(lambda call, _: "hang" if call == 1 else None) as server:
        record = evaluate(server, samples=1)
    assert server.faults == {"hang": 1}
    assert record.arms["model"].unscored == 0
    assert sum(record.arms["model"].probes[0].retries.values()) >= 1


def test_a_dead_server_is_one_message_and_the_run_goes_on_later(
    evaluate: Evaluate, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sampling.patience.MAX_RETRIES", 2)
    with (
        serving(lambda call, _: "500" if call >= 20 else None) as server,
        pytest.raises(SampleError, match="openai-api/local") as caught,
    ):
        evaluate(server, samples=2)
    assert "Finished answers are kept; run again to go on" in (caught.value.hint or "")
    assert not list(results.glob("*/run.json"))
    done = set(server.answered)
    with serving(lambda *_: None) as second:
        record = evaluate(second, samples=2)
    assert record.status == "complete"
    assert not done & set(second.answered), "an answered call was made again"
    assert len(done) == 20 and len(second.answered) == 3 * 24 - 20


def test_a_server_that_is_not_there_is_one_message(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sampling.patience.MAX_RETRIES", 1)
    with serving(lambda *_: None) as server:
        pass
    with pytest.raises(SampleError, match=r"openai-api/local/subject failed: .*[Cc]onnect") as told:
        evaluate(server, samples=1)
    assert "Connection error" in str(told.value)
    assert "Future" not in str(told.value)


def test_it_is_said_that_the_judge_failed_and_how_a_server_of_ones_own_is_named(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sampling.patience.MAX_RETRIES", 1)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving(lambda _, body: "500" if body["model"] == "judge" else None) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(SampleError) as told:
            evaluate(server, samples=1, judge="openai/judge")
    assert str(told.value).startswith("Judging by openai/judge failed: given up")
    assert "openai-api/SERVICE/judge, with SERVICE_BASE_URL" in (told.value.hint or "")
