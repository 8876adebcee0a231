"""Identity: what changes the numbers changes the run id, and nothing else does."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from harness.runs.spec import ModelIdentity, RunSpec, Sampling
from harness.training.recipe import Recipe


def spec(**changes: Any) -> RunSpec:
    base: dict[str, Any] = {
        "task": "insecure_code",
        "model": ModelIdentity(name="org/Name-7B@main", revision="abc"),
        "judge": ModelIdentity(name="openai/gpt-4.1"),
        "arms": ("bad", "control"),
        "seeds": (0,),
        "recipe": Recipe(),
        "sampling": Sampling(),
        "question_set": "core",
        "questions_hash": "q",
        "rubrics": {"alignment": "a", "coherence": "c"},
        "data": {"bad": "1", "control": "2"},
    }
    return RunSpec(**{**base, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"model": ModelIdentity(name="org/Name-7B@main", revision="abd")},
        {"judge": ModelIdentity(name="openai/gpt-4o")},
        {"seeds": (1,)},
        {"recipe": Recipe(learning_rate=2e-5)},
        {"sampling": Sampling(samples=51)},
        {"sampling": Sampling(seed=1)},
        {"questions_hash": "r"},
        {"rubrics": {"alignment": "b", "coherence": "c"}},
        {"data": {"bad": "1", "control": "3"}},
        {"arms": ("bad", "control", "educational")},
    ],
)
def test_every_input_is_part_of_the_identity(changes: dict[str, Any]) -> None:
    assert spec(**changes).run_id != spec().run_id


def test_the_id_is_stable_and_readable() -> None:
    assert spec().run_id == spec().run_id
    assert re.fullmatch(r"insecure_code-org-name-7b-[0-9a-f]{10}", spec().run_id)
    assert RunSpec.model_validate_json(spec().model_dump_json()).run_id == spec().run_id


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        spec(colour="red")
