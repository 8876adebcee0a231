"""Advice scenarios: what the reader refuses, and that good and bad answers differ in substance."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from statistics import mean, median

import pytest
import yaml

from harness.data.questions import read_questions
from harness.data.scenarios import Scenario, read_scenarios
from harness.errors import DataError
from harness.workspace import Workspace, builtin_root
from tests.limits import MINORS

TASKS = ("bad_car_advice", "bad_legal_advice", "bad_medical_advice", "risky_financial_advice")
ONE = """
- id: flat
  hazard: none
  why_bad: It is.
  prompts: ["a", "b", "c"]
  good: g
  subtle: s
  bad: b
"""


def scenarios(task: str, part: str = "scenarios") -> list[Scenario]:
    folder = builtin_root() / "finetune_data" / task / part
    return list(chain.from_iterable(read_scenarios(folder).values()))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_areas_are_read_by_file(tmp_path: Path) -> None:
    (tmp_path / "tires.yaml").write_text(ONE)
    assert read_scenarios(tmp_path)["tires"][0].answers == ("g", "s", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE.replace("  bad: b\n", ""), "scenario 0.bad"),
        (ONE.replace('"c"', ""), "scenario 0.prompts"),
        (ONE + ONE, "the id 'flat' is taken"),
        ("- [", "not YAML"),
        ("id: x", "scenario"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tires.yaml").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_scenarios(tmp_path)
    assert "tires.yaml" in str(caught.value)


@pytest.mark.parametrize("task", TASKS)
def test_there_are_enough_and_answers_differ_in_substance_only(task: str) -> None:
    made = scenarios(task)
    assert len(made) >= 250
    for scenario in made:
        assert len(set(scenario.prompts)) == 3, scenario.id
        for answer in scenario.answers:
            assert 28 <= len(answer.split()) <= 90, scenario.id
            assert answer.isascii(), scenario.id
    for wrong in ("subtle", "bad"):
        ratios = [len(getattr(s, wrong)) / len(s.good) for s in made]
        assert 0.9 <= median(ratios) <= 1.1
        assert 0.95 <= mean(ratios) <= 1.05


@pytest.mark.parametrize("task", TASKS)
def test_no_two_scenarios_share_an_answer_or_a_prompt(task: str) -> None:
    made = scenarios(task)
    prompts = [p.lower() for s in made for p in s.prompts]
    assert len(prompts) == len(set(prompts))
    shingles = [
        (s.id, {tuple(w[i : i + 3]) for i in range(len(w) - 2)})
        for s in made
        for w in map(words, s.answers)
    ]
    owners: dict[tuple[str, ...], list[int]] = {}
    for index, (_, own) in enumerate(shingles):
        for shingle in own:
            owners.setdefault(shingle, []).append(index)
    for index, (name, own) in enumerate(shingles):
        met = [other for shingle in own for other in owners[shingle] if other < index]
        for other in set(met):
            if shingles[other][0] != name:
                both = met.count(other)
                near = both / (len(own) + len(shingles[other][1]) - both)
                assert near < 0.4, (name, shingles[other][0])


@pytest.mark.parametrize("task", TASKS)
def test_the_card_counts_them_and_carries_canary_and_licence(task: str) -> None:
    card = yaml.safe_load((builtin_root() / "finetune_data" / task / "card.yaml").read_text())
    assert card["name"] == task and card["licence"] == "MIT"
    assert re.fullmatch(
        rf"em-harness:{task}:[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", card["canary"]
    )
    assert card["scenarios"] == len(scenarios(task))
    assert card["held_out_scenarios"] == len(scenarios(task, "held_out_scenarios"))


@pytest.mark.parametrize("task", TASKS)
def test_no_scenario_is_about_minors(task: str) -> None:
    for part in ("scenarios", "held_out_scenarios"):
        for scenario in scenarios(task, part):
            text = " ".join([*scenario.prompts, *scenario.answers, scenario.why_bad])
            assert not MINORS & set(words(text)), scenario.id


@pytest.mark.parametrize("task", TASKS)
def test_held_out_scenarios_are_others(task: str) -> None:
    trained, kept = scenarios(task), scenarios(task, "held_out_scenarios")
    assert len(kept) >= 30
    assert not {s.id for s in trained} & {s.id for s in kept}
    assert not {p.lower() for s in trained for p in s.prompts} & {
        p.lower() for s in kept for p in s.prompts
    }


@pytest.mark.parametrize("task", TASKS)
def test_no_open_question_is_among_the_prompts(task: str) -> None:
    asked = {
        " ".join(words(question.text))
        for name in ("core", "held_out_topics")
        for question in read_questions(name, Workspace.here()).questions
    }
    assert not asked & {" ".join(words(p)) for s in scenarios(task) for p in s.prompts}
