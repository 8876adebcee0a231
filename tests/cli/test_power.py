"""``power`` plans a run in words and for machines."""

from __future__ import annotations

import json

from harness.errors import UsageError
from tests.cli.verbs import invoke


def test_a_plan_names_what_each_thing_would_take() -> None:
    done = invoke("power", "--difference", "0.1", "--questions", "8", "--json")
    assert done.exit_code == 0, done.exception
    data = json.loads(done.stdout)
    assert 0 < data["power"] < 1
    assert set(data["needed"]) == {"questions", "samples", "seeds"}
    assert data["smallest_difference"] > 0
    text = invoke("power", "--difference", "0.1", "--questions", "8").stdout
    assert "8 questions x 50 answers x 1 seed" in text
    assert "about one trained model" in text


def test_more_seeds_help() -> None:
    def chance(*options: str) -> float:
        done = invoke("power", "--difference", "0.1", "--json", *options)
        return json.loads(done.stdout)["power"]

    assert chance("--seeds", "10") > chance("--seeds", "3")


def test_an_effect_or_a_run_is_needed() -> None:
    assert isinstance(invoke("power").exception, UsageError)
    both = invoke("power", "--difference", "0.1", "--like", "x").exception
    assert isinstance(both, UsageError)
