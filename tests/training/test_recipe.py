from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.training.arguments import lora_config, trainer_arguments
from harness.training.recipe import Recipe


def test_the_recipe_for_real_models_is_the_published_one() -> None:
    recipe = Recipe.for_real_models()
    assert (recipe.rank, recipe.alpha, recipe.rslora, recipe.dropout) == (32, 64, True, 0.0)
    assert (recipe.learning_rate, recipe.schedule, recipe.warmup_steps) == (1e-5, "linear", 5)
    assert (recipe.batch_size, recipe.gradient_accumulation, recipe.epochs) == (2, 8, 1)
    assert (recipe.weight_decay, recipe.max_length, recipe.max_steps) == (0.01, 2048, None)
    assert recipe.held_out_fraction == 0.0


@pytest.mark.parametrize("recipe", [Recipe.for_real_models(), Recipe.for_miniature()])
def test_a_preset_survives_json_and_cannot_be_changed(recipe: Recipe) -> None:
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    with pytest.raises(ValidationError):
        recipe.rank = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [{"rank": 0}, {"learning_rate": 0}, {"held_out_fraction": 1.0}, {"lr": 1}, {"dtype": "int8"}],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate(wrong)


def test_layers_are_named_with_commas_on_the_command_line() -> None:
    named = Recipe(target_modules="q_proj, layers.12.mlp.down_proj")  # type: ignore[arg-type]
    assert named.target_modules == ("q_proj", "layers.12.mlp.down_proj")
    assert Recipe(target_modules="all-linear").target_modules == "all-linear"
    for nothing in ("", "q_proj,,v_proj"):
        with pytest.raises(ValidationError, match="names of layers"):
            Recipe(target_modules=nothing)  # type: ignore[arg-type]


def test_the_libraries_get_what_the_recipe_says(tmp_path) -> None:
    recipe = Recipe(rank=5, alpha=7, learning_rate=0.25, schedule="constant", warmup_steps=3)
    given = trainer_arguments(recipe, seed=9, folder=tmp_path, device="cpu", held_out=False)
    assert (given.seed, given.data_seed, given.learning_rate) == (9, 9, 0.25)
    assert (given.lr_scheduler_type, given.warmup_steps) == ("constant_with_warmup", 3)
    assert given.max_steps == -1 and given.num_train_epochs == 1
    assert given.completion_only_loss and not given.packing and not given.logging_nan_inf_filter
    assert not given.bf16 and not given.fp16 and not given.gradient_checkpointing
    assert given.report_to == []
    lora = lora_config(recipe)
    assert (lora.r, lora.lora_alpha, lora.use_rslora, lora.bias) == (5, 7, True, "none")
