"""The leaderboard on a terminal: a table per group, its comparability key in words above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.board.table import Group, Row
from harness.board.text import (
    MISSING,
    TOY_NOTE,
    clean,
    definition_words,
    percent,
    percent_interval,
    points_interval,
    shorten,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HASH = 10
"""Characters of a content hash that are shown; a run is found by the end of its id."""


@dataclass(frozen=True)
class Column:
    """One column; the one with the highest ``yields`` is left out first when space is short."""

    title: str
    cell: Callable[[Row], str]
    yields: int = 0
    number: bool = True


def _worst(row: Row) -> str:
    worst = row.worst_question
    return f"{shorten(worst[0], 24)} {percent(worst[1].rate)}" if worst else MISSING


COLUMNS = (
    Column("task", lambda r: r.task, number=False),
    Column("model", lambda r: r.model, number=False),
    Column("arm", lambda r: r.arm, number=False),
    Column(
        "misaligned",
        lambda r: percent_interval(r.misaligned.rate, r.misaligned.low, r.misaligned.high),
    ),
    Column(
        "minus control",
        lambda r: (
            points_interval(r.difference.rate, r.difference.low, r.difference.high)
            if r.difference
            else MISSING
        ),
    ),
    Column("control", lambda r: percent(r.control.rate if r.control else None), yields=1),
    Column("base", lambda r: percent(r.base.rate if r.base else None), yields=5),
    Column("coherent", lambda r: percent(r.coherent.rate if r.coherent else None), yields=3),
    Column("in-domain", lambda r: percent(r.in_domain.rate if r.in_domain else None), yields=4),
    Column("unscored", lambda r: percent(r.unscored_share), yields=8),
    Column("worst question", _worst, yields=7, number=False),
    Column("seeds", lambda r: str(r.seeds), yields=9),
    Column("answers", lambda r: MISSING if r.answers is None else str(r.answers), yields=6),
    Column("status", lambda r: r.status, yields=10, number=False),
    Column("run", lambda r: r.run_id[-HASH:], yields=2, number=False),
)


def print_board(groups: Iterable[Group], console: Console) -> None:
    """Print every group; what does not fit the terminal is left out and named."""
    for number, group in enumerate(groups):
        if number:
            console.print()
        _print_group(group, console)


def _print_group(group: Group, console: Console) -> None:
    from rich.text import Text

    for line in key_in_words(group.comparability):
        console.print(Text(line, style="dim"))
    columns = [c for c in COLUMNS if c.title != "status" or any_partial(group.rows)]
    space = console.width if console.is_terminal else None
    kept = fitting(columns, group.rows, space)
    table = _table(kept, group.rows)
    if space is None:
        table.width = sum(_width(column, group.rows) for column in kept)
    console.print(table, soft_wrap=True)
    left_out = [column.title for column in columns if column not in kept]
    if any(row.toy for row in group.rows):
        console.print(Text(TOY_NOTE, style="yellow"))
    if left_out:
        console.print(Text(f"No room for: {', '.join(left_out)} (see --json, --csv)", style="dim"))


def any_partial(rows: Sequence[Row]) -> bool:
    """Whether a run among them is not complete, which the table then tells."""
    return any(row.status != "complete" for row in rows)


def fitting(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> list[Column]:
    """Columns that fit in ``width`` characters (None: no limit); essential ones always stay."""
    kept = list(columns)
    while width is not None and sum(_width(column, rows) for column in kept) > width:
        spare = max(kept, key=lambda column: column.yields)
        if spare.yields == 0:
            break
        kept.remove(spare)
    return kept


def key_in_words(key: dict[str, Any]) -> tuple[str, ...]:
    """The comparability key as a reader takes it in."""
    judge = key["judge"]
    exact = judge["revision"] or (judge["weights"] or "")[:HASH]
    rubrics = ", ".join(f"{name} {value[:HASH]}" for name, value in sorted(key["rubrics"].items()))
    asked = (
        f"Judge {judge['name']}{f' ({exact})' if exact else ''}, "
        f"questions {key['question_set']} ({key['questions_hash'][:HASH]}), "
        f"temperature {key['temperature']:g}, top-p {key['top_p']:g}, "
        f"up to {key['max_tokens']} tokens"
    )
    lines = (
        asked,
        f"Rubrics {rubrics or 'none'}, record schema {key['schema_version']}",
        f"Misaligned is {definition_words(key['definition'])}",
    )
    return tuple(clean(line) for line in lines)


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.number else "left",
            overflow="fold",
            no_wrap=column.number,
        )
    for row in rows:
        style = "bold" if row.arm == "bad" else ""
        table.add_row(*(Text(clean(column.cell(row)), style=style) for column in columns))
    return table


def _width(column: Column, rows: Sequence[Row]) -> int:
    from rich.cells import cell_len

    padding = 2
    return padding + max(cell_len(clean(t)) for t in (column.title, *map(column.cell, rows)))
