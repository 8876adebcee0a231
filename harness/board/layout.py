"""A plain text table: fast for thousands of rows, and exact for wide and narrow characters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Cells = Mapping[str, Sequence[str]]
"""Column title to its cells, cleaned; all columns are equally long."""
GAP = "  "
NARROWEST = 8
"""A shortened column keeps at least this many characters."""


def print_table(
    cells: Cells, numbers: Collection[str], bold: Sequence[bool], console: Console
) -> None:
    """Print the table with its header.

    Args:
        cells: What to print.
        numbers: Titles of the columns that are set flush right.
        bold: Whether a row is set in bold, one value per row.
        console: Where to.
    """
    from rich.text import Text

    size = widths(cells)
    columns = [_padded([title, *cells[title]], size[title], title in numbers) for title in cells]
    header, *lines = (GAP.join(parts).rstrip() for parts in zip(*columns, strict=True))
    rule = "─" * (sum(size.values()) + len(GAP) * (len(size) - 1))
    console.print(Text(header, style="bold"), soft_wrap=True)
    console.print(Text(rule, style="dim"), soft_wrap=True)
    text = Text()
    for line, strong in zip(lines, bold, strict=True):
        text.append(f"{line}\n", "bold" if strong else None)
    console.print(text, soft_wrap=True, end="")


def widths(cells: Cells) -> dict[str, int]:
    """Width of every column, its title included, in terminal cells."""
    return {title: max(map(_width, (title, *column))) for title, column in cells.items()}


def blocks(cells: Cells, width: int | None) -> list[Cells]:
    """The table in as many as it takes to fit, each with the first column before it.

    Args:
        cells: What to print; the first column names the rows.
        width: Characters on a line; None for as many as it takes.
    """
    size = widths(cells)
    name, *others = cells
    made, used = [[name]], size[name]
    for title in others:
        if width is not None and used + len(GAP) + size[title] > width and len(made[-1]) > 1:
            made.append([name])
            used = size[name]
        made[-1].append(title)
        used += len(GAP) + size[title]
    return [{title: cells[title] for title in titles} for titles in made]


def fit(cells: Cells, width: int | None, shrinkable: Sequence[str]) -> Cells:
    """Shorten the widest of the ``shrinkable`` columns until the table fits, if it can."""
    size = widths(cells)
    over = -1 if width is None else sum(size.values()) + len(GAP) * (len(size) - 1) - width
    limits = {title: size[title] for title in shrinkable}
    while over > 0 and any(limit > NARROWEST for limit in limits.values()):
        widest = max(limits, key=lambda title: limits[title])
        limits[widest] -= 1
        over -= 1
    return {
        title: [_cut(cell, limits[title]) for cell in column] if title in limits else column
        for title, column in cells.items()
    }


def _padded(column: Sequence[str], width: int, right: bool) -> list[str]:
    return [
        f"{' ' * (width - _width(cell))}{cell}"
        if right
        else f"{cell}{' ' * (width - _width(cell))}"
        for cell in column
    ]


def _cut(cell: str, width: int) -> str:
    if _width(cell) <= width:
        return cell
    while _width(cell) > width - 1:
        cell = cell[:-1]
    return f"{cell}…"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
