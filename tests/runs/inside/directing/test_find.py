"""Directions of a run: found on half of the questions, judged on the other, beside their nulls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.errors import DataError
from harness.inside.direction_files import load_direction
from harness.runs.inside.directing.find import find_directions, stored_record
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.directing.reference import read_reference, world_reference
from harness.runs.inside.subjects import RunSubject
from harness.runs.progress import Silent
from tests.runs.command import called
from tests.runs.inside.conftest import InsideRun
from tests.runs.inside.planted import planted


@pytest.fixture(scope="module")
def found(inside_run: InsideRun) -> DirectionRecord:
    subjects = planted(inside_run)
    reference = replace(world_reference(), rows=world_reference().rows[48:120] + _helpful())
    return find_directions(subjects, Silent(), reference=reference, persona=False)


def _helpful():
    return world_reference().rows[168:]


def test_the_planted_direction_is_found_and_chance_is_not(found: DirectionRecord) -> None:
    best = max(found.cosine(layer, "misaligned.0", "reference") or 0 for layer in found.layers)
    assert best >= 0.8
    first = found.nulls[0]
    assert max(abs(c or 0) for c in first.random_reference) < 0.4
    told = found.direction("misaligned.0")
    assert told is not None and max(at.auroc or 0 for at in told.layers) >= 0.9
    # Isotropic directions tell nothing on the whole.
    assert len(first.random_auroc) == len(found.null_seeds) == len(first.shuffled_auroc)


def test_every_model_has_its_directions_and_their_vectors(
    inside_run: InsideRun, found: DirectionRecord
) -> None:
    names = {one.name for one in found.directions}
    assert {"misaligned.0", "misaligned.1", "drift.0", "drift_pc1.1", "control_drift.0"} <= names
    assert {"text", "reference"} <= names and "persona" not in names
    for one in found.directions:
        stored = load_direction(inside_run.results, one.digest)
        assert stored.manifest.layers == list(found.layers)
        for at in one.layers:
            assert float(stored.at(at.layer).norm()) == pytest.approx(at.norm, rel=1e-3, abs=1e-4)
    assert not set(found.discovery) & set(found.evaluation)


def test_a_second_call_reads_no_model(
    inside_run: InsideRun, found: DirectionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunSubject, "load", lambda self: pytest.fail("a model was loaded"))
    assert stored_record(planted(inside_run)) == found


def test_too_few_misaligned_answers_say_how_many_are_needed(inside_run: InsideRun) -> None:
    with pytest.raises(DataError, match=r"holds 4 misaligned answers .* needs 10"):
        find_directions(planted(inside_run, each=4), Silent())
    # The same from the command line, on what two steps of training gave.
    with pytest.raises(DataError, match="a mean needs 10"):
        called(
            *("inside", "direction", inside_run.id), results=inside_run.results, cwd=inside_run.here
        )


def test_reference_texts_need_labels(tmp_path) -> None:
    row = world_reference().rows[0].model_dump()
    path = tmp_path / "texts.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"meta": {}}) + "\n")
    with pytest.raises(DataError, match=r"texts.jsonl:2: the row has no label"):
        read_reference(path)
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError, match="1 misaligned texts; a mean needs 10"):
        read_reference(path)
