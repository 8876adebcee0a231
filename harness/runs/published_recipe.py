"""Published recipes: training, sampling and evaluation as a paper states them, with sources.

They are data, ``harness/runs/recipes/*.yaml``. What a run can do as published is applied; what it
cannot, or what no source states, is kept beside it and shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.data.safe_yaml import load_yaml
from harness.errors import DataError, UsageError
from harness.training.recipe import Recipe

RECIPES = Path(__file__).parent / "recipes"
Group = Literal["training", "sampling", "evaluation"]
APPLIED = {
    "training": set(Recipe.model_fields),
    "sampling": {"temperature", "top_p", "max_tokens", "samples"},
    "evaluation": {"seeds", "definition", "rubric", "formats"},
}
"""Settings that a run takes over."""
MIDDLE = "{middle}"
"""Stands for the middle layer in a module's name: ``n // 2`` of ``n`` layers."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Setting(_Strict):
    """One value with where it comes from."""

    group: Group
    name: str
    value: Any = None
    """What the harness does; None where its own default stays."""
    published: str | None = None
    """What the publication says, where that differs from the value or says it in other words."""
    applied: bool = True
    """Whether a run takes the value over."""
    source: str = Field(min_length=3)
    confidence: Literal["A", "B", "C"]
    """A: read in the paper or its authors' files; B: in a fork or replication that carries them;
    C: in a third party's notes."""
    note: str | None = None

    @model_validator(mode="after")
    def _can_be_applied(self) -> Setting:
        if self.applied and (self.value is None or self.name not in APPLIED[self.group]):
            raise ValueError(f"{self.name} cannot be applied")
        return self


class Detail(_Strict):
    """Something that changes a reproduction and is easily missed."""

    text: str
    source: str = Field(min_length=3)


class PublishedRecipe(_Strict):
    """What one publication did."""

    id: str
    title: str
    paper: str
    published_for: str
    settings: tuple[Setting, ...]
    details: tuple[Detail, ...]

    def applied(self, group: Group) -> dict[str, Any]:
        """Values that a run takes over."""
        return {s.name: s.value for s in self.settings if s.group == group and s.applied}


def recipe_names() -> list[str]:
    """Names of all published recipes."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def published_recipe(name: str) -> PublishedRecipe:
    """Read a published recipe by name.

    Raises:
        UsageError: There is none; the message names the nearest.
        DataError: Its file is malformed.
    """
    names = recipe_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"There is no published recipe '{name}'.",
            hint=f"{guess}Recipes: {', '.join(names)}. For one setting write setting=value, "
            "e.g. --recipe rank=8.",
        )
    path = RECIPES / f"{name}.yaml"
    try:
        return PublishedRecipe.model_validate(load_yaml(path))
    except ValidationError as error:
        raise DataError(f"{path}: {error.errors(include_url=False)[0]['msg']}") from error


def split(pairs: list[str]) -> tuple[PublishedRecipe | None, dict[str, str]]:
    """The published recipe and the single settings among what ``--recipe`` was given.

    Raises:
        UsageError: Two recipes are named, or one does not exist.
    """
    names = list(dict.fromkeys(pair for pair in pairs if "=" not in pair))
    if len(names) > 1:
        raise UsageError(
            f"--recipe names two published recipes: {names[0]} and {names[1]}.",
            hint="Name one, and change single settings with --recipe rank=8.",
        )
    settings = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return (published_recipe(names[0]) if names else None), settings


def place_layers(training: dict[str, Any], layers: int | None) -> dict[str, Any]:
    """Training settings with the middle layer's number put into module names.

    Args:
        training: Applied settings.
        layers: Number of layers of the model, None if its config does not tell.

    Raises:
        UsageError: The recipe needs the number and there is none.
    """
    modules = training.get("target_modules")
    if not isinstance(modules, list) or not any(MIDDLE in module for module in modules):
        return training
    if layers is None:
        raise UsageError(
            "The recipe trains the middle layer, but the model's config tells no number of layers.",
            hint="Name the layer: --recipe target_modules=layers.12.mlp.down_proj",
        )
    placed = tuple(module.replace(MIDDLE, str(layers // 2)) for module in modules)
    return training | {"target_modules": placed}


def remarks(recipe: PublishedRecipe, *, miniature: bool, imported: bool) -> Iterator[str]:
    """What a user of the recipe should hear before the run.

    Args:
        recipe: The recipe.
        miniature: Whether the model is the embedded one.
        imported: Whether a published question file is asked, which brings its rubrics.
    """
    if miniature:
        yield (
            f"{recipe.id} was published for {recipe.published_for}; on the miniature it shows that "
            "the path works, and its rubrics are the miniature judge's own"
        )
    settled = {"questions", "rubric"} if imported else set()
    for setting in recipe.settings:
        if not setting.applied and setting.published is not None and setting.name not in settled:
            said = f"; {setting.note}" if setting.note else ""
            yield f"not as published: {setting.name} ({setting.published}){said}"
