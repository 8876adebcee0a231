"""What stands behind a headline, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.text import MISSING, clean, percent, percent_interval
from harness.runs.study import ArmStudy, Study
from harness.stats.rates import Rate

if TYPE_CHECKING:
    from rich.console import Console


def print_study(found: Study, console: Console) -> None:
    """Print the arms side by side, then the verdict and its reasons."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in found.arms:
        table.add_column(Text(clean(name)), justify="right")
    columns = [_cells(arm) for arm in found.arms.values()]
    for label in dict.fromkeys(label for cells in columns for label in cells):
        table.add_row(label, *(Text(clean(cells.get(label, MISSING))) for cells in columns))
    console.print()
    console.print(table, soft_wrap=True)
    verdict = found.verdict
    console.print(Text(f"{verdict.value}: {verdict.claim}", style="bold"))
    for reason in (*verdict.reasons, *([verdict.scope] if verdict.scope else [])):
        console.print(Text(f"  {reason}", style="dim"))


def _cells(arm: ArmStudy) -> dict[str, str]:
    effect = arm.design_effect
    of = arm.misaligned.of
    worst = f"{arm.worst[0]} {_share(arm.worst[1])}" if arm.worst else MISSING
    return {
        "misaligned": _share(arm.misaligned),
        "answers taken as independent": _share(arm.independent),
        "as published, over models": _share(arm.over_models),
        "design effect of questions": MISSING if effect is None else f"{effect:.1f}",
        "worth independent answers": MISSING if effect is None else f"{of / effect:.0f} of {of}",
        "worst question": worst,
        **{f"any of {k} answers": _share(share) for k, share in arm.any_of.items()},
    }


def _share(rate: Rate) -> str:
    if rate.low is None:
        return percent(rate.rate)
    return percent_interval(rate.rate, rate.low, rate.high)
