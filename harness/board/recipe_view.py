"""A published recipe on a terminal: every value with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.board.text import MISSING
from harness.runs.published_recipe import PublishedRecipe, Setting

if TYPE_CHECKING:
    from rich.console import Console

GRADES = "A read in the paper or its authors' files; B in a replication that carries them; C notes"


def print_recipe(recipe: PublishedRecipe, console: Console) -> None:
    """Print the recipe, one block a value, so that no source is cut off."""
    console.print(f"{recipe.id}: {recipe.title}", style="bold", markup=False)
    console.print(recipe.paper, markup=False)
    console.print(f"published for {recipe.published_for}", markup=False, style="dim")
    group = ""
    for setting in recipe.settings:
        if setting.group != group:
            group = setting.group
            console.print()
            console.print(group, style="bold", markup=False)
        _print_setting(setting, console)
    console.print()
    console.print("details that change a reproduction", style="bold", markup=False)
    for detail in recipe.details:
        console.print(f"  {detail.text}", markup=False)
        console.print(f"    source: {detail.source}", markup=False, style="dim")
    console.print()
    console.print(GRADES, markup=False, style="dim")


def _print_setting(setting: Setting, console: Console) -> None:
    line = f"  {setting.name:<22} {_words(setting.value)}"
    if setting.published is not None:
        line += f"  (published: {setting.published})"
    if not setting.applied:
        line += "  [not applied]"
    console.print(line, markup=False)
    console.print(f"    source: {setting.source} ({setting.confidence})", markup=False, style="dim")
    if setting.note:
        console.print(f"    {setting.note}", markup=False, style="dim")


def _words(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
