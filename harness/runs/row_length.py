"""Whether the recipe lets in rows that are longer than what the model was built to read."""

from __future__ import annotations

from harness.errors import UsageError
from harness.models.identity import position_count
from harness.models.reference import ModelReference
from harness.training.recipe import Recipe


def check_max_length(recipe: Recipe, reference: ModelReference) -> None:
    """Refuse rows beyond the miniature's positions; a real model is only spoken of in the plan.

    Models with rotary positions can be trained on longer texts than their config states, and people
    do so; the miniature has learnt nothing about later positions.

    Raises:
        UsageError: The limit is above the miniature's positions.
    """
    if not reference.is_miniature:
        return
    most = position_count(reference)
    if most is not None and recipe.max_length > most:
        raise UsageError(
            f"Recipe setting max_length={recipe.max_length} is more than the {most} tokens that "
            f"the {reference.name} can read.",
            hint=f"Give --recipe max_length={most} or less; longer rows are cut at their end with "
            "--recipe allow_truncation=true.",
        )


def length_remark(recipe: Recipe, reference: ModelReference) -> str | None:
    """What a plan says of a limit above the model's positions; None where there is nothing."""
    most = position_count(reference)
    if most is None or recipe.max_length <= most:
        return None
    return (
        f"the model's config states {most} positions, fewer than max_length={recipe.max_length}: "
        "rows in between are trained on beyond what the model was built to read"
    )
