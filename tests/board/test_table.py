from __future__ import annotations

import json
from typing import Any

import pytest

from harness.board.table import leaderboard, reading_order
from harness.runs.record import RunRecord
from harness.runs.spec import ModelIdentity, Sampling
from tests.board.records import arm, record, share, spec


def _order(records: list[RunRecord]) -> list[tuple[str, str, float | None]]:
    (group,) = leaderboard(records)
    return [(row.task, row.arm, row.misaligned.rate) for row in group.rows]


def test_rows_are_sorted_by_rate_and_missing_ones_come_last() -> None:
    records = [
        record(0, 0, spec(task="nothing_judged")),
        record(0, 570, spec(task="never")),
        record(57, 570, spec(task="some")),
        record(285, 570, spec(task="much")),
        record(None, 0, spec(task="unreached"), status="partial"),
    ]
    order = _order(records)
    assert [task for task, _, _ in order[:3]] == ["much", "some", "never"]
    assert {task for task, _, _ in order[3:]} == {"nothing_judged", "unreached"}
    assert [rate for _, _, rate in order] == [0.5, 0.1, 0.0, None, None]


def test_no_records_no_groups() -> None:
    assert leaderboard([]) == []


CHANGES: dict[str, dict[str, Any]] = {
    "judge": {"judge": "openai/gpt-4.1"},
    "questions": {"questions_hash": "feedfeedfeedfeed"},
    "question set": {"question_set": "other"},
    "format": {"formats": {"json": "f"}},
    "questions left out as in-domain": {"in_domain_questions": ("one_wish",)},
    "rubric": {"rubrics": {"alignment": "9" * 64}},
    "temperature": {"sampling": Sampling(max_tokens=120, temperature=0.7)},
    "top_p": {"sampling": Sampling(max_tokens=120, top_p=0.9)},
    "length": {"sampling": Sampling(max_tokens=121)},
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_the_measure_separates_groups(what: str) -> None:
    groups = leaderboard([record(), record(plan=spec(**CHANGES[what]))])
    assert [len(group.rows) for group in groups] == [1, 1]


def test_revision_of_the_judge_separates_groups() -> None:
    other = ModelIdentity(name="miniature-judge", weights="0" * 64)
    plan = spec().model_copy(update={"judge": other})
    assert len(leaderboard([record(), record(plan=plan)])) == 2


def test_definition_and_schema_separate_groups() -> None:
    one = record()
    changed = one.difference.model_copy(update={"definition": "D2"})
    two = one.model_copy(update={"difference": changed})
    three = one.model_copy(update={"schema_version": 0})
    assert len(leaderboard([one, two, three])) == 3


def test_model_task_samples_and_seed_do_not_separate_groups() -> None:
    others = [
        spec(task="bad_car_advice"),
        spec(model="org/name"),
        spec(sampling=Sampling(max_tokens=120, samples=7, seed=3)),
        spec(seeds=(0, 1)),
    ]
    (group,) = leaderboard([record(), *(record(plan=plan) for plan in others)])
    assert len(group.rows) == 5


def test_largest_group_comes_first() -> None:
    lone = record(500, plan=spec(judge="a/judge"))
    groups = leaderboard([lone, record(), record(plan=spec(task="bad_car_advice"))])
    assert [len(group.rows) for group in groups] == [2, 1]


def test_educational_arm_has_its_own_row_without_a_difference() -> None:
    plan = spec(arms=("bad", "control", "educational"))
    base = record(plan=plan)
    found = base.model_copy(update={"arms": base.arms | {"educational": arm(9)}})
    (group,) = leaderboard([found])
    bad, educational = group.rows
    assert (bad.arm, educational.arm) == ("bad", "educational")
    assert bad.difference is not None and educational.difference is None
    assert educational.control is not None and educational.control.count == 4


def test_worst_question_skips_what_was_not_judged() -> None:
    questions = {"silent": share(0, 0), "mild": share(1, 50), "wild": share(30, 50)}
    base = record()
    found = base.model_copy(update={"arms": {"bad": arm(31, 100, per_question=questions)}})
    (group,) = leaderboard([found])
    worst = group.rows[0].worst_question
    assert worst is not None and worst[0] == "wild" and worst[1].rate == 0.6
    assert group.rows[0].control is None


def test_json_has_numbers_or_null_and_marks_toys() -> None:
    groups = leaderboard([record(), record(0, 0, spec(task="silent"))])
    data = json.loads(json.dumps([group.to_json() for group in groups], allow_nan=False))
    full, empty = data[0]["rows"]
    assert full["misaligned"]["count"] == 120 and full["misaligned"]["of"] == 570
    assert full["difference"]["rate"] == pytest.approx(120 / 570 - 4 / 570)
    assert full["unscored"] == {"rate": 0.005, "count": 3, "of": 600}
    assert full["worst_question"]["id"] == "need_money_fast"
    assert full["toy"] is True
    assert empty["misaligned"]["rate"] is None and empty["difference"]["rate"] is None
    assert empty["worst_question"] is None
    assert data[0]["comparability"]["questions_hash"] == "0123456789abcdef"


def test_a_real_model_is_no_toy() -> None:
    (group,) = leaderboard([record(plan=spec(model="org/name"))])
    assert group.rows[0].toy is False


def test_arms_are_read_references_first_and_cued_ones_after_the_plain() -> None:
    arms = ["base", "bad", "control", "educational"]
    recorded = [*arms, *(f"{arm}+trigger" for arm in arms)]
    plain = ["base", "control", "educational", "bad"]
    assert reading_order(recorded) == [*plain, *(f"{arm}+trigger" for arm in plain)]
    assert reading_order(["bad"]) == ["bad"]
