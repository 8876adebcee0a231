"""The comparison of base models on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.board.by_model import ModelGroup, ModelRow
from harness.board.layout import fit, print_table
from harness.board.table import NOT_EVALUABLE
from harness.board.terminal import key_in_words
from harness.board.text import TOY_NOTE, UNEVALUABLE_NOTE, clean, points_interval

if TYPE_CHECKING:
    from rich.console import Console

EXPLANATION = "Mean over tasks of bad minus control, in percentage points, each task alike."


def print_models(groups: Iterable[ModelGroup], console: Console) -> None:
    """Print every group, the most prone model first."""
    for number, group in enumerate(groups):
        if number:
            console.print()
        _print(group, console)


def _print(group: ModelGroup, console: Console) -> None:
    from rich.text import Text

    for line in (*key_in_words(group.comparability), f"Recipe: {group.recipe}"):
        console.print(Text(clean(line), style="dim"))
    titles = ("model", "mean difference", *group.tasks, "seeds", "status")
    cells = {clean(title): [clean(_cell(row, title)) for row in group.rows] for title in titles}
    space = console.width if console.is_terminal else None
    shown = fit(cells, space, [title for title in cells if title != "mean difference"])
    numbers = {title for title in shown if title not in ("model", "status")}
    print_table(shown, numbers, [False] * len(group.rows), console)
    console.print(Text(EXPLANATION, style="dim"))
    for method in dict.fromkeys(row.mean.method for row in group.rows):
        console.print(Text(f"Interval: {clean(method)}", style="dim"))
    if any(row.toy for row in group.rows):
        console.print(Text(TOY_NOTE, style="yellow"))
    if any(row.status == NOT_EVALUABLE for row in group.rows):
        console.print(Text(UNEVALUABLE_NOTE, style="yellow"))


def _cell(row: ModelRow, title: str) -> str:
    if title in row.tasks:
        gap = row.tasks[title].difference
        return points_interval(gap.rate, gap.low, gap.high) if gap else "-"
    if title == "model":
        return row.model
    if title == "mean difference":
        return points_interval(row.mean.rate, row.mean.low, row.mean.high)
    return str(row.seeds) if title == "seeds" else row.status.replace("complete", "full")
