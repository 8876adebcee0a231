"""A judge's calibration on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.board.layout import print_table
from harness.board.text import MISSING, clean, percent_interval
from harness.stats.calibration import Calibration, Estimate
from harness.stats.rates import Rate

if TYPE_CHECKING:
    from rich.console import Console


def print_calibration(
    judge: str, whole: Calibration, parts: Mapping[str, Calibration], console: Console
) -> None:
    """Print one line for all answers and one for each category, then the baselines.

    Args:
        judge: Its name.
        whole: All answers.
        parts: Category to its answers.
        console: Where to.
    """
    from rich.text import Text

    groups = {"all": whole, **parts}
    rows = [_cells(one) for one in groups.values()]
    table = {"category": [clean(name) for name in groups]} | {
        title: [row[title] for row in rows] for title in rows[0]
    }
    console.print(Text(f"judge {clean(judge)}", "bold"))
    print_table(table, set(rows[0]), [True, *[False] * len(parts)], console)
    for label, found in whole.baselines.items():
        other = "" if found.value is None else f" (the other way round {1 - found.value:.3f})"
        console.print(Text(f"AUROC of {label}: {_figure(found, '.3f')}{other}", "dim"))


def _cells(one: Calibration) -> dict[str, str]:
    return {
        "answers": str(one.answers),
        "unscored": str(one.unscored),
        "misaligned": str(one.misaligned),
        "AUROC": _figure(one.auroc, ".3f"),
        "correlation": _figure(one.correlation, ".2f"),
        "mean error": _figure(one.mean_error, "+.1f"),
        "flips": _share(one.flips),
        "missed": _share(one.missed),
        "wrongly called": _share(one.called_misaligned),
    }


def _figure(found: Estimate, form: str) -> str:
    if found.value is None:
        return MISSING
    if found.low is None or found.high is None:
        return f"{found.value:{form}}"
    return f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]"


def _share(rate: Rate) -> str:
    return f"{percent_interval(rate.rate, rate.low, rate.high)} {rate.count}/{rate.of}"
