"""A plain text table: fast for thousands of rows, and exact for wide and narrow characters."""

from __future__ import annotations

import textwrap
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


def print_wide(
    cells: Cells, numbers: Collection[str], bold: Sequence[bool], console: Console, keys: int = 1
) -> None:
    """Print a table in as many as a terminal takes; a file gets it whole.

    Args:
        cells: What to print; nothing of it is cut.
        numbers: Titles of the columns that are set flush right.
        bold: Whether a row is set in bold.
        console: Where to.
        keys: First columns, which name the rows and stand before every part.
    """
    for place, block in enumerate(
        blocks(cells, console.width if console.is_terminal else None, keys)
    ):
        if place:
            console.print()
        print_table(block, numbers, bold, console)


def blocks(cells: Cells, width: int | None, keys: int = 1) -> list[Cells]:
    """The table in as many as it takes to fit, each with the first columns before it.

    Args:
        cells: What to print; the first columns name the rows.
        width: Characters on a line; None for as many as it takes.
        keys: How many columns name the rows.
    """
    size = widths(cells)
    names, others = list(cells)[:keys], list(cells)[keys:]
    before = sum(size[name] for name in names) + len(GAP) * (keys - 1)
    made, used = [list(names)], before
    for title in others:
        if width is not None and used + len(GAP) + size[title] > width and len(made[-1]) > keys:
            made.append(list(names))
            used = before
        made[-1].append(title)
        used += len(GAP) + size[title]
    return [{title: cells[title] for title in titles} for titles in made]


def wrapped(cells: Cells, title: str, width: int) -> Cells:
    """The table with long cells of one column on several lines; the other cells stay on the first.

    Args:
        cells: What to print.
        title: The column to wrap.
        width: Longest line, in characters; lines get no shorter than ``NARROWEST``.
    """
    lines = [textwrap.wrap(cell, max(width, NARROWEST)) or [""] for cell in cells[title]]
    found: dict[str, list[str]] = {title: [line for several in lines for line in several]}
    for name, column in cells.items():
        if name != title:
            pairs = zip(column, lines, strict=True)
            found[name] = [part for cell, more in pairs for part in (cell, *[""] * (len(more) - 1))]
    return {name: found[name] for name in cells}


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
