"""A request that follows a published recipe."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from harness.runs.plan import Request
from harness.runs.published_recipe import PublishedRecipe


def follow(request: Request, recipe: PublishedRecipe, given: Set[str]) -> Request:
    """The request with the recipe's values for sampling and evaluation.

    Args:
        request: What the user typed, with defaults.
        recipe: What it follows.
        given: Options that the user gave, which win.
    """
    sampling, evaluation = recipe.applied("sampling"), recipe.applied("evaluation")
    changes: dict[str, Any] = {k: v for k, v in sampling.items() if k not in given}
    if request.model == "miniature":
        changes.pop("max_tokens", None)  # its context is shorter than the published answers
    if "definition" in evaluation and "definition" not in given:
        changes["definition"] = evaluation["definition"]
    if "formats" in evaluation and "formats" not in given:
        changes["formats"] = tuple(evaluation["formats"])
    if "seeds" in evaluation and "seeds" not in given:
        first = request.seeds[0]
        changes["seeds"] = tuple(range(first, first + evaluation["seeds"]))
    return replace(request, **changes, rubric=evaluation.get("rubric"))
