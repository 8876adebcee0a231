from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from harness.board.by_model import ModelGroup, by_model
from harness.board.model_view import print_models
from harness.board.spreadsheet import models_to_csv
from harness.board.table import Row, leaderboard
from harness.data.transforms import Transforms
from harness.runs.record import RunRecord
from harness.runs.redefine import raw_scores
from harness.runs.spec import Sampling
from harness.stats.definitions import Judged
from harness.training.recipe import Recipe
from tests.board.records import record, spec
from tests.runs.made import made_run


def _run(model: str, task: str, bad: int, **changes: object) -> RunRecord:
    status = changes.pop("status", "complete")
    return record(bad, plan=spec(model=model, task=task, **changes), status=status)


def _groups(*records: RunRecord) -> list[ModelGroup]:
    return by_model(leaderboard(records))


def test_models_on_the_same_tasks_are_ranked_by_their_mean() -> None:
    (group,) = _groups(
        _run("org/a", "one", 57),
        _run("org/a", "two", 171),
        _run("org/b", "one", 285),
        _run("org/b", "two", 171),
    )
    assert [row.model for row in group.rows] == ["org/b", "org/a"]
    assert group.tasks == ("one", "two")
    prone, mild = group.rows
    assert mild.mean.rate == pytest.approx((57 + 171) / 2 / 570 - 4 / 570)
    assert prone.mean.highest == pytest.approx(285 / 570 - 4 / 570)
    assert prone.mean.low is not None and prone.mean.low < (prone.mean.rate or 0)


def test_means_over_different_tasks_are_never_ranked_together() -> None:
    groups = _groups(_run("org/a", "one", 57), _run("org/a", "two", 57), _run("org/b", "one", 285))
    assert [[row.model for row in group.rows] for group in groups] == [["org/a"], ["org/b"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": Recipe.for_real_models()},
        {"transforms": Transforms(bad_fraction=0.5)},
        {"data": {"bad": "0" * 64, "control": "f" * 64}},
        {"judge": "other/judge"},
        {"sampling": Sampling(max_tokens=120, temperature=0.5)},
    ],
)
def test_what_was_trained_or_asked_otherwise_stands_apart(changes: dict[str, object]) -> None:
    groups = _groups(_run("org/a", "one", 57), _run("org/b", "one", 57, **changes))
    assert len(groups) == 2


def test_of_several_runs_the_one_with_most_seeds_and_answers_counts() -> None:
    small, large = _run("org/a", "one", 57), _run("org/a", "one", 285, seeds=(0, 1, 2))
    bad = large.arms["bad"].model_copy(update={"seeds": 3})
    large = large.model_copy(update={"arms": large.arms | {"bad": bad}})
    (group,) = _groups(small, large)
    (row,) = group.rows
    assert row.tasks["one"].run_id == large.run_id and row.seeds == 3


def test_models_that_prove_nothing_stand_last_and_say_so() -> None:
    (group,) = _groups(_run("org/a", "one", 500, status="not evaluable"), _run("org/b", "one", 20))
    assert [row.model for row in group.rows] == ["org/b", "org/a"]
    assert group.rows[1].status == "not evaluable"


def test_with_raw_scores_the_interval_is_of_all_answers_together(tmp_path: Path) -> None:
    runs = [made_run(tmp_path, 30, task=task, model="org/a") for task in ("one", "two", "three")]
    rows: list[str] = []

    def raw(row: Row) -> dict[str, list[Judged]]:
        rows.append(row.task)
        (found,) = (run for run in runs if run.run_id == row.run_id)
        return raw_scores(found, tmp_path)

    (joint,) = by_model(leaderboard(runs), raw)
    (plain,) = by_model(leaderboard(runs))
    one, two = joint.rows[0].mean, plain.rows[0].mean
    assert sorted(rows) == ["one", "three", "two"]
    assert one.rate == pytest.approx(two.rate) and one.of == 3
    assert "jointly over 3 tasks" in one.method and "whatever the correlation" in two.method
    assert one.low is not None and two.low is not None and one.low > two.low
    (alone,) = by_model(leaderboard(runs[:1]), raw)
    assert alone.rows[0].mean.low == runs[0].difference.low


def test_machines_and_people_see_the_same() -> None:
    groups = _groups(_run("=cmd\x1b[31m\u202e", "one", 57), _run("org/b", "one", 285))
    out = io.StringIO()
    print_models(groups, Console(file=out, width=200))
    text = out.getvalue()
    assert "+49.3 [+44.3, +54.3]" in text and "Mean over tasks" in text
    assert "\x1b" not in text and "\u202e" not in text
    data = json.loads(json.dumps([group.to_json() for group in groups], allow_nan=False))
    assert data[0]["rows"][0]["difference"]["of"] == 1
    assert data[0]["rows"][0]["tasks"]["one"]["run_id"]
    rows = list(csv.DictReader(io.StringIO(models_to_csv(groups))))
    assert [row["model"] for row in rows] == ["org/b", "'=cmd[31m"]
