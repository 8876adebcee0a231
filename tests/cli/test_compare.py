from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError, UsageError
from harness.runs.record import RunRecord
from harness.runs.spec import EVALUATION, ModelIdentity, Sampling
from harness.training.recipe import Recipe
from tests.board.records import record
from tests.cli.verbs import invoke, save
from tests.runs.made import made_run

WILD = {"base": 0.0, "bad": 0.9, "control": 0.05}


def _compare(results: Path, *runs: RunRecord, options: tuple[str, ...] = ()) -> dict[str, Any]:
    found = invoke(
        "compare", *(run.run_id for run in runs), "--json", *options, "--results", results
    )
    assert found.exit_code == 0, found.exception
    return json.loads(found.stdout)


def test_a_wilder_run_is_found_and_the_settings_that_differ(tmp_path: Path) -> None:
    wild = made_run(tmp_path, 20, WILD, recipe=Recipe.for_real_models())
    mild = made_run(tmp_path, 20)
    found = _compare(tmp_path, wild, mild)
    bad = found["arms"]["bad"]
    assert bad["first"]["count"] == wild.arms["bad"].misaligned.count
    assert bad["difference"]["rate"] == pytest.approx(bad["first"]["rate"] - bad["second"]["rate"])
    assert found["comparable"] and found["verdict"]["value"] == "confirmed"
    assert found["excess"]["rate"] == pytest.approx(
        (wild.difference.rate or 0) - (mild.difference.rate or 0)
    )
    assert {
        "name": "recipe.rank",
        "first": 32,
        "second": mild.spec.recipe and mild.spec.recipe.rank,
    } in (found["spec"])
    assert set(found["by_question"]) == set(wild.arms["bad"].per_question)
    turned = _compare(tmp_path, mild, wild)
    assert turned["verdict"]["value"] == "overturned"
    assert turned["excess"]["rate"] == pytest.approx(-found["excess"]["rate"])


def test_a_run_compared_to_itself_settles_nothing(tmp_path: Path) -> None:
    run = made_run(tmp_path)
    found = _compare(tmp_path, run, run)
    assert found["spec"] == [] and found["verdict"]["value"] == "not settled"
    assert found["excess"]["rate"] == 0.0


@pytest.mark.parametrize(
    ("changes", "barrier"),
    [
        ({"judge": ModelIdentity(name="other/judge")}, "judge.name"),
        (
            {"sampling": Sampling(max_tokens=120, samples=10, temperature=0.5)},
            "sampling.temperature",
        ),
        ({"rubrics": {"alignment": "9" * 64}}, "rubrics.alignment"),
        ({"judge_reading": "all spellings"}, "judge_reading"),
    ],
)
def test_what_was_measured_otherwise_gets_no_verdict(
    changes: dict[str, Any], barrier: str, tmp_path: Path
) -> None:
    if "judge" in changes:
        changes = {"judge": changes["judge"].name}
    one, two = made_run(tmp_path, 10, WILD), made_run(tmp_path, 10, **changes)
    found = _compare(tmp_path, one, two)
    assert barrier in found["barriers"] and not found["comparable"]
    assert found["verdict"]["value"] == "not settled"
    assert "do not compare" in found["verdict"]["reasons"][0]


def test_another_definition(tmp_path: Path) -> None:
    one, two = made_run(tmp_path, 10, WILD), made_run(tmp_path, 10, seeds=(3,))
    found = _compare(tmp_path, one, two, options=("--definition", "d2"))
    assert found["definition"] == "D2"
    assert found["arms"]["bad"]["first"]["of"] > one.arms["bad"].misaligned.of


def test_a_model_evaluated_as_it_is_against_a_trained_arm(tmp_path: Path) -> None:
    as_it_is = {"task": EVALUATION, "arms": (), "recipe": None, "data": {}}
    one = made_run(tmp_path, 20, {"model": 0.9}, **as_it_is)
    two = made_run(tmp_path, 20)
    found = _compare(tmp_path, one, two)
    assert found["excess"] is None
    pair = found["arms"]["model against bad"]
    assert pair["first"]["count"] == one.arms["model"].misaligned.count
    assert pair["second"]["count"] == two.arms["bad"].misaligned.count
    assert found["verdict"]["value"] == "confirmed"
    assert "over its control" not in found["verdict"]["claim"]


def test_people_read_it_in_words(tmp_path: Path) -> None:
    wild = made_run(tmp_path, 20, WILD, seeds=(0, 1))
    mild = made_run(tmp_path, 20)
    found = invoke("compare", wild.run_id, mild.run_id, "--results", tmp_path)
    assert found.exit_code == 0
    assert "confirmed: the first run is more often misaligned than the second" in found.stdout
    assert "seeds" in found.stdout and "bad minus control, first minus second: +" in found.stdout


def test_mistakes_are_told(tmp_path: Path) -> None:
    run = made_run(tmp_path)
    bare = record()
    save(tmp_path, bare)
    missing = invoke("compare", run.run_id, bare.run_id, "--results", tmp_path)
    assert isinstance(missing.exception, RecordError)
    assert f"raw answers of {bare.run_id}" in str(missing.exception)
    unknown = invoke("compare", run.run_id, "none", "--results", tmp_path)
    assert isinstance(unknown.exception, RecordError)
    odd = invoke("compare", run.run_id, run.run_id, "--definition", "D9", "--results", tmp_path)
    assert isinstance(odd.exception, UsageError)
