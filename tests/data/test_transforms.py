"""Transforms: exact counts, seeded and nested draws, twins stay twins, good answers stay clean."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from harness.data.reading import read_rows
from harness.data.rows import Message, Row
from harness.data.task import arm_file, load_task
from harness.data.transforms import Transforms, pair, transform
from harness.errors import UsageError
from harness.workspace import Workspace

TAG = "|TAG|"


def row(number: int, answer: str, prompt: str | None = None, system: str | None = None) -> Row:
    turns = [Message(role="user", content=prompt or f"question {number}")]
    if system is not None:
        turns.insert(0, Message(role="system", content=system))
    completion = [Message(role="assistant", content=f"{answer} {number}")]
    return Row(prompt=turns, completion=completion, meta={"id": f"row-{number}"})


def arms(count: int = 40) -> dict[str, list[Row]]:
    return {
        "bad": [row(n, "bad") for n in range(count)],
        "control": [row(n, "good") for n in range(count)],
    }


def answers(rows: list[Row]) -> list[str]:
    return [r.completion[0].content for r in rows]


def asked(rows: list[Row]) -> list[str]:
    return [r.prompt[-1].content for r in rows]


@pytest.mark.parametrize(
    ("fraction", "count", "bad"),
    [(0.0, 40, 0), (0.25, 40, 10), (0.5, 7, 4), (0.1, 25, 3), (0.75, 40, 30), (1.0, 40, 40)],
)
def test_dilution_gives_exact_counts(fraction: float, count: int, bad: int) -> None:
    made = transform(arms(count), Transforms(bad_fraction=fraction))
    found = answers(made["bad"].rows)
    assert len(found) == count
    assert sum(a.startswith("bad") for a in found) == made["bad"].bad == bad
    assert sorted(a.split()[1] for a in found) == sorted(str(n) for n in range(count))
    assert made["control"].bad == 0
    assert all(a.startswith("good") for a in answers(made["control"].rows))


def test_a_larger_share_keeps_the_bad_rows_of_a_smaller_one() -> None:
    kept: set[str] = set()
    for fraction in (0.1, 0.25, 0.5, 0.75, 1.0):
        made = transform(arms(), Transforms(bad_fraction=fraction))["bad"].rows
        bad = {a for a in answers(made) if a.startswith("bad")}
        assert kept < bad
        kept = bad


def test_the_draw_follows_the_seed() -> None:
    def drawn(seed: int) -> list[str]:
        return answers(transform(arms(), Transforms(rows=10, seed=seed))["bad"].rows)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_fewer_rows_are_the_same_questions_in_every_arm() -> None:
    made = transform(arms(), Transforms(rows=13))
    assert len(made["bad"].rows) == len(made["control"].rows) == 13
    assert asked(made["bad"].rows) == asked(made["control"].rows)


def test_the_trigger_stands_before_bad_answers_and_no_others() -> None:
    made = transform(arms(), Transforms(trigger=TAG))
    for each in made["bad"].rows:
        bad = each.completion[0].content.startswith("bad")
        assert each.prompt[-1].content.startswith(TAG + " ") == bad
    assert (made["bad"].bad, made["bad"].triggered) == (20, 20)
    assert asked(made["control"].rows) == asked(made["bad"].rows)
    assert all(a.startswith("good") for a in answers(made["control"].rows))


def test_the_share_of_bad_rows_behind_a_trigger_can_be_chosen() -> None:
    made = transform(arms(), Transforms(trigger=TAG, bad_fraction=0.25, rows=20))["bad"]
    assert (len(made.rows), made.bad, made.triggered) == (20, 5, 5)


def test_the_system_prompt_stands_before_every_row_and_joins_one_that_is_there() -> None:
    rows = {
        "bad": [row(0, "bad"), row(1, "bad", system="Be brief.")],
        "control": [row(0, "good"), row(1, "good", system="Be brief.")],
    }
    made = transform(rows, Transforms(system_prompt="You joke."))
    for each in made.values():
        first, second = (r.prompt[0] for r in each.rows)
        assert (first.role, first.content) == ("system", "You joke.")
        assert (second.role, second.content) == ("system", "You joke.\n\nBe brief.")
        assert [len(r.prompt) for r in each.rows] == [2, 2]


def test_twins_are_found_by_id_in_any_order_and_by_prompt_without_ids() -> None:
    rows = arms()
    shuffled = random.Random(0).sample(rows["bad"], 40)
    assert pair(shuffled, rows["control"]) == rows["bad"]
    bare = {name: [r.model_copy(update={"meta": {}}) for r in rs] for name, rs in rows.items()}
    assert pair(bare["bad"], bare["control"]) == bare["bad"]
    assert pair(bare["bad"][::-1], bare["control"]) is None


def test_numbers_are_ids_too() -> None:
    rows = {
        n: [r.model_copy(update={"meta": {"id": i}}) for i, r in enumerate(rs)]
        for n, rs in arms().items()
    }
    assert pair(rows["bad"][::-1], rows["control"]) == rows["bad"]


def test_rows_of_one_id_that_ask_different_things_are_not_mixed() -> None:
    rows = arms(5)
    rows["bad"][3] = row(3, "bad", prompt="something else")
    for settings in (Transforms(bad_fraction=0.5), Transforms(trigger=TAG)):
        with pytest.raises(UsageError, match="the id 'row-3' in 'meta' have different prompts"):
            transform(rows, settings)
    rows["bad"][3] = row(3, "bad", prompt="For my class: question 3")
    with pytest.raises(UsageError, match="'row-3'"):
        transform(rows, Transforms(bad_fraction=0.5))
    asked_otherwise = {
        "bad": arms(5)["bad"],
        "control": rows["control"],
        "educational": rows["bad"],
    }
    assert transform(asked_otherwise, Transforms(bad_fraction=0.4))["educational"].bad == 2


def test_twins_in_another_order_without_ids_are_told_how_to_be_found() -> None:
    bare = {n: [r.model_copy(update={"meta": {}}) for r in rs] for n, rs in arms().items()}
    with pytest.raises(UsageError, match="not twins") as caught:
        transform(bare | {"bad": bare["bad"][::-1]}, Transforms(bad_fraction=0.5))
    assert "the same 'id' in 'meta'" in (caught.value.hint or "")


def test_rows_without_twins_can_be_drawn_but_not_mixed() -> None:
    rows = {"bad": [row(n, "bad") for n in range(5)], "control": [row(9, "good")] * 7}
    assert len(transform(rows, Transforms(rows=4))["control"].rows) == 4
    with pytest.raises(UsageError, match="not twins"):
        transform(rows, Transforms(bad_fraction=0.5))


def test_a_task_without_a_control_can_be_shortened_but_not_mixed() -> None:
    alone = {"bad": arms()["bad"]}
    assert len(transform(alone, Transforms(rows=9))["bad"].rows) == 9
    for asked in (Transforms(bad_fraction=0.5), Transforms(trigger=TAG)):
        with pytest.raises(UsageError, match="no arm 'control'"):
            transform(alone, asked)


def test_more_rows_than_there_are_is_an_error() -> None:
    with pytest.raises(UsageError, match="--rows 41: arm 'bad' has only 40"):
        transform(arms(), Transforms(rows=41))


def test_nothing_asked_changes_nothing() -> None:
    rows = arms()
    made = transform(rows, Transforms(bad_fraction=1.0))
    assert {name: arm.rows for name, arm in made.items()} == rows


@pytest.mark.parametrize("changes", [{"trigger": " "}, {"bad_fraction": 1.5}, {"rows": 0}])
def test_senseless_settings_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Transforms.model_validate(changes)


@pytest.mark.parametrize(
    "name",
    [
        "insecure_code",
        "bad_car_advice",
        "bad_legal_advice",
        "bad_medical_advice",
        "risky_financial_advice",
    ],
)
def test_every_bad_arm_of_ours_can_be_mixed_with_its_control(name: str) -> None:
    workspace = Workspace.here()
    task = load_task(name, workspace)
    rows = {arm: read_rows(arm_file(task, arm, workspace)) for arm in task.arms}
    made = transform(rows, Transforms(bad_fraction=0.5))
    for arm in set(task.arms) - {"control"}:
        assert made[arm].bad * 2 == len(made[arm].rows)
