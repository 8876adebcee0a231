"""Drift: how far every model of a run is from its base on neutral text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from harness.errors import DataError
from harness.inside.divergence import logits_of, token_divergence
from harness.inside.texts import Text
from harness.runs.inside.corpus import CorpusRequest
from harness.runs.inside.drifting.measure import measure_drift
from harness.runs.inside.drifting.record import DriftRecord
from harness.runs.progress import Silent
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun

TEXT = Text("t", (5, 6, 7, 8, 9), 2)


@pytest.fixture(scope="module")
def found(inside_run: InsideRun) -> DriftRecord:
    command = ("inside", "drift", inside_run.id, "--json")
    done = as_json(called(*command, results=inside_run.results, cwd=inside_run.here))
    return DriftRecord.model_validate_json(json.dumps(done))


def test_every_model_is_measured_and_training_moved_something(found: DriftRecord) -> None:
    models = [(one.arm, one.seed) for one in found.divergence]
    assert models == [("bad", 0), ("bad", 1), ("control", 0), ("control", 1)]
    assert all(
        0 < (one.low or 0) <= one.nats <= (one.high or 0) and one.texts == 24
        for one in found.divergence
    )


def test_an_empty_corpus_is_refused(inside_run: InsideRun, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    with pytest.raises(DataError, match="empty"):
        measure_drift(inside_run.subjects, Silent(), corpus=CorpusRequest(str(path)))
    path.write_text(json.dumps({"text": "A plain sentence about a river."}) + "\n")
    found = measure_drift(inside_run.subjects, Silent(), corpus=CorpusRequest(str(path)))
    assert {one.texts for one in found.divergence} == {1}


def test_divergence_is_that_of_the_answers_tokens(inside_run: InsideRun) -> None:
    base = inside_run.subjects.base.load()
    tuned = inside_run.subjects.of("bad")[0].load()
    run, other = logits_of(base.model), logits_of(tuned.model)
    (gap,) = token_divergence(base, run, other, [TEXT])
    ids = torch.tensor([TEXT.ids])
    with torch.inference_mode():
        before, after = run(ids)[0].log_softmax(-1), other(ids)[0].log_softmax(-1)
    by_hand = (before.exp() * (before - after)).sum(-1)[1:4].mean()
    assert gap == pytest.approx(float(by_hand), abs=1e-6) and gap > 0
    assert token_divergence(base, run, run, [TEXT]) == [0.0]
