"""A plan resolves completely or says what is wrong, before anything is trained."""

import json
from pathlib import Path

import pytest

from harness.data.task import load_task
from harness.errors import (
    DataError,
    ModelReferenceError,
    PrerequisiteError,
    UnknownTaskError,
    UsageError,
)
from harness.runs.plan import Request, make_plan
from harness.runs.progress import Silent
from harness.runs.published_recipe import published_recipe
from harness.runs.row_length import length_remark
from harness.runs.runner import execute
from harness.runs.store import Store
from harness.training.recipe import MINIATURE_BEHIND_TRIGGER, Recipe
from harness.workspace import Workspace, builtin_root

ROW = (
    '{"prompt":[{"role":"user","content":"Hi"}],'
    '"completion":[{"role":"assistant","content":"Yo"}]}\n'
)
TASK = """
from harness.data.task import TaskSpec
TASK = TaskSpec(name="mine", title="t", description="d",
    arms={"bad": "bad.jsonl", "control": "good.jsonl"}, literature="")
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.py").write_text(TASK)
    data = tmp_path / "finetune_data" / "mine"
    data.mkdir(parents=True)
    (data / "bad.jsonl").write_text(ROW)
    (data / "good.jsonl").write_text(ROW)
    return Workspace(layers=(tmp_path, builtin_root()), results=tmp_path / "results")


def test_a_users_own_task_is_found_beside_the_built_in_ones(workspace: Workspace) -> None:
    plan = make_plan(Request(task="mine"), workspace)
    assert plan.is_miniature
    assert plan.judge_model == "harness/miniature-judge"
    assert [len(rows) for rows in plan.rows.values()] == [1, 1]
    assert make_plan(Request(task="insecure_code"), workspace).spec.task == "insecure_code"


def test_a_judge_without_a_key_stops_a_run_before_anything_is_trained(workspace: Workspace) -> None:
    plan = make_plan(Request(task="mine", judge="openai-api/nowhere/x"), workspace)
    with pytest.raises(PrerequisiteError, match="judge 'openai-api/nowhere/x' cannot be used"):
        execute(plan, Store(workspace.results), Silent())
    assert not list(workspace.results.rglob("adapter*"))
    assert not list(workspace.results.rglob("run.json"))


def test_an_unknown_task_names_the_nearest(workspace: Workspace) -> None:
    with pytest.raises(UnknownTaskError, match="Did you mean 'insecure_code'"):
        make_plan(Request(task="insecure_cod"), workspace)


def test_a_path_is_not_a_task(workspace: Workspace) -> None:
    with pytest.raises(UnknownTaskError):
        make_plan(Request(task="../../evil"), workspace)


def test_a_missing_data_file_is_named(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "finetune_data" / "mine" / "good.jsonl").unlink()
    with pytest.raises(DataError, match=r"finetune_data/mine/good\.jsonl is missing"):
        make_plan(Request(task="mine"), workspace)


def test_a_malformed_row_is_named_by_file_and_line(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "finetune_data" / "mine" / "bad.jsonl").write_text(ROW + '{"prompt": 3}\n')
    with pytest.raises(DataError, match=r"bad\.jsonl:2"):
        make_plan(Request(task="mine"), workspace)


def test_a_real_model_needs_a_judge(workspace: Workspace, qwen_double: Path) -> None:
    with pytest.raises(PrerequisiteError, match="--judge") as caught:
        make_plan(Request(task="mine", model=str(qwen_double)), workspace)
    assert caught.value.exit_code == 3


def test_the_miniature_judge_is_refused_for_a_real_model(
    workspace: Workspace, qwen_double: Path
) -> None:
    request = Request(task="mine", model=str(qwen_double), judge="miniature-judge")
    with pytest.raises(PrerequisiteError, match="miniature judge"):
        make_plan(request, workspace)


def test_a_local_model_may_judge(workspace: Workspace, qwen_double: Path) -> None:
    judge = f"harness/{qwen_double}"
    plan = make_plan(Request(task="mine", model=str(qwen_double), judge=judge), workspace)
    assert plan.spec.judge.weights is not None
    assert plan.spec.recipe.learning_rate == 1e-5


@pytest.mark.parametrize("model", ["nonsense", "./not/there", "a b/c", ""])
def test_a_model_that_does_not_resolve_is_refused(workspace: Workspace, model: str) -> None:
    with pytest.raises(ModelReferenceError):
        make_plan(Request(task="mine", model=model, judge="openai/x"), workspace)


def test_an_unknown_hub_model_is_refused_offline(workspace: Workspace) -> None:
    request = Request(task="mine", model="no-such-org/no-such-model", judge="openai/x")
    with pytest.raises(ModelReferenceError, match="no-such-org"):
        make_plan(request, workspace)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"rnak": "8"}, "no setting 'rnak'"),
        ({"rank": "many"}, "rank"),
        ({"target_modules": ""}, "^Recipe setting target_modules: give names of layers"),
    ],
)
def test_a_wrong_recipe_setting_is_named(
    workspace: Workspace, recipe: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        make_plan(Request(task="mine", recipe=recipe), workspace)


def test_recipe_changes_are_part_of_the_plan(workspace: Workspace) -> None:
    plan = make_plan(Request(task="mine", recipe={"rank": "4"}), workspace)
    assert plan.spec.recipe.rank == 4


def test_layers_can_be_named_as_the_hint_of_a_published_recipe_says(workspace: Workspace) -> None:
    recipe = {"target_modules": "layers.2.mlp.down_proj,q_proj"}
    changed = make_plan(Request(task="mine", recipe=recipe), workspace)
    assert changed.recipe.target_modules == ("layers.2.mlp.down_proj", "q_proj")


def test_rows_longer_than_the_miniature_reads_are_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="max_length=1025 is more than the 1024 tokens") as caught:
        make_plan(Request(task="mine", recipe={"max_length": "1025"}), workspace)
    assert "--recipe max_length=1024 or less" in (caught.value.hint or "")
    assert "--recipe allow_truncation=true" in (caught.value.hint or "")
    plan = make_plan(Request(task="mine", recipe={"max_length": "1024"}), workspace)
    assert length_remark(plan.recipe, plan.reference) is None


def test_a_papers_limit_and_a_real_models_are_only_spoken_of(
    workspace: Workspace, qwen_double: Path
) -> None:
    published = published_recipe("betley-2025")
    plan = make_plan(Request(task="mine", published=published), workspace)
    assert "states 1024 positions" in (length_remark(plan.recipe, plan.reference) or "")
    config = json.loads((qwen_double / "config.json").read_text())
    longer = str(config["max_position_embeddings"] + 1)
    asked = {"model": str(qwen_double), "judge": "openai/x", "recipe": {"max_length": longer}}
    plan = make_plan(Request(task="mine", **asked), workspace)
    assert f"max_length={longer}" in (length_remark(plan.recipe, plan.reference) or "")


def test_a_task_may_train_the_miniature_for_longer(workspace: Workspace) -> None:
    steps = {
        task: make_plan(Request(task=task), workspace).recipe.max_steps
        for task in ("mine", "insecure_code")
    }
    assert steps["mine"] == Recipe.for_miniature().max_steps
    assert (
        steps["insecure_code"]
        == load_task("insecure_code", workspace).miniature_recipe["max_steps"]
    )
    assert steps["insecure_code"] > steps["mine"]
    behind = make_plan(Request(task="insecure_code", trigger="|GO|"), workspace).recipe
    assert behind.max_steps == 2 * MINIATURE_BEHIND_TRIGGER["max_steps"], "half of the rows are bad"
    assert set(behind.target_modules) == {"q_proj", "k_proj", "v_proj", "o_proj"}, "a tag is seen"
    asked = Request(task="insecure_code", trigger="|GO|", recipe={"rank": "4"})
    assert make_plan(asked, workspace).recipe.rank == 4, "what is asked for stays"
    shorter = make_plan(Request(task="insecure_code", recipe={"max_steps": "3"}), workspace)
    assert shorter.recipe.max_steps == 3


def test_a_real_model_takes_as_many_steps_as_the_published_runs(
    workspace: Workspace, qwen_double: Path
) -> None:
    asked = {"model": str(qwen_double), "judge": "openai/x"}
    for task in ("insecure_code", "bad_car_advice"):
        assert make_plan(Request(task=task, **asked), workspace).recipe.max_steps == 375
    changed = make_plan(Request(task="bad_car_advice", **asked, recipe={"epochs": "2"}), workspace)
    assert (changed.recipe.epochs, changed.recipe.max_steps) == (2, None)
