"""The leaderboard on a terminal: a table per group, its comparability key in words above it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.board.layout import GAP, Cells, fit, print_table, widths
from harness.board.table import NOT_EVALUABLE, Group, Row
from harness.board.text import (
    MISSING,
    TOY_NOTE,
    UNEVALUABLE_NOTE,
    clean,
    definition_words,
    percent,
    percent_interval,
    points_interval,
    shorten,
)

if TYPE_CHECKING:
    from rich.console import Console

INSTRUMENTS_YIELD = 7
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


def status_word(row: Row) -> str:
    """``full``, ``verified``, or why the row is less than that."""
    if row.status != "complete":
        return f"{row.status}, verified" if row.verified else row.status
    return "verified" if row.verified else "full"


COLUMNS = (
    Column("task", lambda r: ", ".join(filter(None, (r.task, r.transforms))), number=False),
    Column("model", lambda r: r.model, number=False),
    Column("arm", lambda r: r.arm, number=False),
    Column("recipe", lambda r: r.recipe, yields=6, number=False),
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
    Column("unscored", lambda r: percent(r.unscored_share), yields=9),
    Column("worst question", _worst, yields=8, number=False),
    Column("seeds", lambda r: str(r.seeds), yields=10),
    Column("answers", lambda r: MISSING if r.answers is None else str(r.answers), yields=7),
    Column("status", status_word, yields=11, number=False),
    Column("run", lambda r: r.run_id[-HASH:], number=False),
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
    columns = with_instruments(COLUMNS, group.rows)
    cells = cells_of(columns, group.rows)
    space = console.width if console.is_terminal else None
    essential = _essential(group.rows)
    if space is not None:
        # What is the same in every row is said once, and its room goes to other columns.
        if len(set(cells["model"])) == 1:
            console.print(Text(f"Model {cells['model'][0]}", style="dim"))
            columns = [column for column in columns if column.title != "model"]
        if len({row.status for row in group.rows}) == 1 and essential:
            console.print(Text(f"Status {clean(group.rows[0].status)}", style="yellow"))
            seen = ["verified" if row.verified else MISSING for row in group.rows]
            cells = {**cells, "status": seen}
            essential = set()
    own = {column.title: cells[column.title] for column in columns}
    kept = fitting(columns, own, space, essential)
    names = [c.title for c in kept if c.title in ("task", "model")]
    table = fit({c.title: cells[c.title] for c in kept}, space, names)
    many_arms = len({row.arm for row in group.rows}) > 1
    bold = [many_arms and row.arm == "bad" for row in group.rows]
    print_table(table, {c.title for c in kept if c.number}, bold, console)
    left_out = [column.title for column in columns if column not in kept]
    if any(row.toy for row in group.rows):
        console.print(Text(TOY_NOTE, style="yellow"))
    if any(row.status == NOT_EVALUABLE for row in group.rows):
        console.print(Text(UNEVALUABLE_NOTE, style="yellow"))
    if left_out:
        console.print(Text(f"No room for: {', '.join(left_out)} (see --json, --csv)", style="dim"))


def with_instruments(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns, with those of instruments that measured any of the rows before the last two."""
    titles = {figure.key: figure.title for row in rows for figure in row.instruments}
    taken = {column.title for column in columns}

    def cell(key: str) -> Callable[[Row], str]:
        return lambda row: next((f.text for f in row.instruments if f.key == key), MISSING)

    added = []
    for key, title in titles.items():
        said = clean(title).lower()
        name = said if said and said not in taken else clean(key)
        taken.add(name)
        added.append(Column(name, cell(key), yields=INSTRUMENTS_YIELD))
    return [*columns[:-2], *added, *columns[-2:]]


def cells_of(columns: Sequence[Column], rows: Sequence[Row]) -> Cells:
    """The text of every cell, by column title, cleaned of whatever steers a terminal."""
    return {column.title: [clean(column.cell(row)) for row in rows] for column in columns}


def fitting(
    columns: Sequence[Column], cells: Cells, width: int | None, essential: Collection[str] = ()
) -> list[Column]:
    """Columns that fit in ``width`` characters (None: no limit).

    Columns that never yield and those named in ``essential`` always stay.
    """
    kept = list(columns)
    size = widths(cells)
    while width is not None and sum(size[column.title] + len(GAP) for column in kept) > width:
        spare = [column for column in kept if column.yields and column.title not in essential]
        if not spare:
            break
        kept.remove(max(spare, key=lambda column: column.yields))
    return kept


def _essential(rows: Sequence[Row]) -> set[str]:
    """A run that is less than complete is never shown without saying so."""
    return {"status"} if any(row.status != "complete" for row in rows) else set()


SAID = {
    "judge", "rubrics", "question_set", "questions_hash", "temperature", "top_p", "max_tokens",
    "schema_version", "definition", "format",
}  # fmt: skip
"""Parts of the key that have words of their own."""


def _also(key: dict[str, Any]) -> str:
    """What else tells a group from others that would read the same."""
    asked = [] if key["format"] == "plain" else [f"format {key['format']}"]
    more = [
        f"{name.replace('_', ' ')} {', '.join(value) if isinstance(value, list) else value}"
        for name, value in key.items()
        if name not in SAID and value not in (None, [], {})
    ]
    return "".join(f", {part}" for part in [*asked, *more])


def key_in_words(key: dict[str, Any]) -> tuple[str, ...]:
    """The comparability key as a reader takes it in."""
    judge = key["judge"]
    exact = judge["revision"] or (judge["weights"] or "")[:HASH]
    rubrics = ", ".join(f"{name} {value[:HASH]}" for name, value in sorted(key["rubrics"].items()))
    asked = (
        f"Judge {judge['name']}{f' ({exact})' if exact else ''}, "
        f"questions {key['question_set']} ({key['questions_hash'][:HASH]}), "
        f"temperature {key['temperature']:g}, top-p {key['top_p']:g}, "
        f"up to {key['max_tokens']} tokens{_also(key)}"
    )
    lines = (
        asked,
        f"Rubrics {rubrics or 'none'}, record schema {key['schema_version']}",
        f"Misaligned is {definition_words(key['definition'])}",
    )
    return tuple(clean(line) for line in lines)
