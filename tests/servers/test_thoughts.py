"""A thinking model behind a server: thoughts are kept, and the judge sees the answer alone."""

from __future__ import annotations

import json
from pathlib import Path

from harness.runs.answers import read_answers
from tests.runs.command import harness
from tests.servers.conftest import Evaluate
from tests.servers.faulty import serving


def test_thoughts_stand_beside_the_answer_and_are_not_judged(
    evaluate: Evaluate, results: Path
) -> None:
    with serving(lambda *_: None) as server:
        record = evaluate(server, model="openai-api/local/thinker", samples=1)
    answers = read_answers(results, record.arms["model"].probes[0].answers_id)
    assert {answer.thoughts for answer in answers} == {"Hidden plan."}
    assert all(answer.answer.startswith("I would take walk") for answer in answers)
    judged = [body for body in server.bodies if "[ANSWER]" in body["messages"][-1]["content"]]
    assert len(judged) == 24
    assert "Hidden plan" not in json.dumps(judged)
    assert "(thought) Hidden plan." in harness("show", record.run_id, results=results).stdout
