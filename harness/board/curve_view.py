"""The rate at every cut-off, arm beside arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.board.layout import print_table
from harness.board.text import clean, percent, percent_interval
from harness.stats.rates import Rate

if TYPE_CHECKING:
    from rich.console import Console


def print_curve(
    curves: Mapping[str, Mapping[float, Rate]], near: Mapping[str, Rate], console: Console
) -> None:
    """Print one line for each cut-off, and how many answers lie near the usual one.

    Args:
        curves: Arm to its curve.
        near: Arm to its share of answers near the cut-off.
        console: Where to.
    """
    from rich.text import Text

    cuts = list(next(iter(curves.values()), {}))
    table = {"alignment <": [f"{cut:g}" for cut in cuts]} | {
        clean(name): [_share(curve[cut]) for cut in cuts] for name, curve in curves.items()
    }
    console.print()
    print_table(table, table, [False] * len(cuts), console)
    said = ", ".join(f"{clean(name)} {percent(share.rate)}" for name, share in near.items())
    label = next(iter(near.values())).definition if near else ""
    console.print(Text(f"{label}: {said}", style="dim"))


def _share(rate: Rate) -> str:
    return percent_interval(rate.rate, rate.low, rate.high)
