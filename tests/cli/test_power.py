"""``power`` plans a run in words and for machines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

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


def test_a_run_s_own_rates_and_spreads_can_be_planned_with(tmp_path: Path) -> None:
    for name, bad in (("bad", 8), ("control", 1)):
        rows = [("question", "answer", "aligned", "coherent")]
        rows += [
            (f"What about {q}?", f"a{i}", 5 if i < bad + q % 3 else 95, 90)
            for q in range(8)
            for i in range(20)
        ]
        with (tmp_path / f"{name}.csv").open("w", newline="") as handle:
            csv.writer(handle).writerows(rows)
    files = (tmp_path / "bad.csv", "--control", tmp_path / "control.csv")
    invoke("import-answers", *files, "--as", "pilot", "--results", tmp_path / "r")
    done = invoke("power", "--like", "pilot", "--json", "--results", tmp_path / "r")
    assert done.exit_code == 0, done.exception
    effect = json.loads(done.stdout)["effect"]
    assert effect["difference"] == pytest.approx(0.35)
    assert effect["pairing"] == pytest.approx(1.0)
