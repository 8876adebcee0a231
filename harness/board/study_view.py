"""What stands behind a headline, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.layout import print_table
from harness.board.text import MISSING, clean, percent, percent_interval
from harness.runs.study import ArmStudy, Study
from harness.stats.rates import Rate

if TYPE_CHECKING:
    from rich.console import Console


def print_study(found: Study, console: Console) -> None:
    """Print the arms side by side, then the verdict and its reasons."""
    from rich.text import Text

    columns = {clean(name): _cells(arm) for name, arm in found.arms.items()}
    labels = list(dict.fromkeys(label for cells in columns.values() for label in cells))
    table = {"": labels} | {
        name: [clean(cells.get(label, MISSING)) for label in labels]
        for name, cells in columns.items()
    }
    console.print()
    print_table(table, columns, [False] * len(labels), console)
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
