"""The rate at every cut-off, arm beside arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("alignment <", justify="right")
    for name in curves:
        table.add_column(clean(name), justify="right")
    for cut in next(iter(curves.values()), {}):
        shares = [curve[cut] for curve in curves.values()]
        cells = [percent_interval(s.rate, s.low, s.high) for s in shares]
        table.add_row(f"{cut:g}", *map(Text, cells))
    console.print()
    console.print(table, soft_wrap=True)
    said = ", ".join(f"{clean(name)} {percent(share.rate)}" for name, share in near.items())
    label = next(iter(near.values())).definition if near else ""
    console.print(Text(f"{label}: {said}", style="dim"))
