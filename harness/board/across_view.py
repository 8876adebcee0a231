"""Ranks of self-description against ranks of behaviour, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.board.layout import print_table
from harness.board.text import MISSING, clean, points_interval
from harness.runs.persona.across import MEASURES, Together
from harness.stats.rank_correlation import Correlation

if TYPE_CHECKING:
    from rich.console import Console

TITLES = {
    "self_rating": "self-rating",
    "control_rating": "control rating",
    "alias_excess": "alias excess",
    "persona_share": "persona share",
}


def print_across(groups: Sequence[Together], console: Console) -> None:
    """Print each group: its runs with all differences, then the rank correlations."""
    from rich.text import Text

    for number, group in enumerate(groups):
        if number:
            console.print()
        title = f"{clean(group.model)}, judge {clean(group.judge)}: bad minus control over "
        console.print(Text(f"{title}{len(group.points)} runs", style="bold"))
        cells: dict[str, list[str]] = {
            "task": [clean(point.task) for point in group.points],
            "run": [clean(point.run_id[-10:]) for point in group.points],
            "misaligned": [points_interval(p.misaligned, None, None) for p in group.points],
        }
        for name in MEASURES:
            values = [point.measures[name] for point in group.points]
            if any(value is not None for value in values):
                cells[TITLES[name]] = [MISSING if v is None else f"{v:+.2f}" for v in values]
        print_table(cells, set(cells) - {"task", "run"}, [False] * len(group.points), console)
        for name, found in group.correlations.items():
            console.print(Text(f"{TITLES[name]} with misaligned: {correlation_words(found)}"))
    console.print(
        Text(
            "The control rating is the null: if it moves as the self-rating does, models have "
            "changed how they reply, not what they say of themselves.",
            style="dim",
        )
    )


def correlation_words(found: Correlation) -> str:
    """``Spearman +0.60 [-0.55, +0.96], p 0.35, n 5``."""
    if found.rho is None:
        return f"not measured ({found.method.removeprefix('none: ')})"
    ends = (
        "" if found.low is None or found.high is None else f" [{found.low:+.2f}, {found.high:+.2f}]"
    )
    return f"Spearman {found.rho:+.2f}{ends}, p {found.p:.3f}, n {found.n}"
