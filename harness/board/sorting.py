"""Orders of the leaderboard's rows inside a group."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from harness.board.table import Group, Row
from harness.errors import UsageError
from harness.runs.record import DifferenceRecord, RateRecord

Key = Callable[[Row], float | str | None]


def _rate(share: RateRecord | DifferenceRecord | None) -> float | None:
    return share.rate if share else None


NUMBERS: dict[str, Key] = {
    "misaligned": lambda row: row.misaligned.rate,
    "difference": lambda row: _rate(row.difference),
    "control": lambda row: _rate(row.control),
    "base": lambda row: _rate(row.base),
    "coherent": lambda row: _rate(row.coherent),
    "in-domain": lambda row: _rate(row.in_domain),
    "unscored": lambda row: row.unscored_share,
    "worst": lambda row: row.worst_question[1].rate if row.worst_question else None,
    "answers": lambda row: row.answers,
    "seeds": lambda row: row.seeds,
}
"""Sorted from the highest down."""
WORDS: dict[str, Key] = {
    "task": lambda row: row.task,
    "model": lambda row: row.model,
    "recipe": lambda row: row.recipe,
    "status": lambda row: row.status,
    "run": lambda row: row.run_id,
    "finished": lambda row: row.finished,
}
"""Sorted from A up."""
DEFAULT = "misaligned"


def sort_groups(groups: Iterable[Group], order: str = DEFAULT) -> list[Group]:
    """Order the rows of every group.

    Numbers run from the highest down and words from A up; a minus in front turns the order round.
    A column of an instrument is named as in the JSON: ``persona.alias_excess``.
    Rows without the value always stand last, and so do models that are not evaluable.

    Raises:
        UsageError: There is no such order.
    """
    name, turned = order.removeprefix("-"), order.startswith("-")
    key = NUMBERS.get(name) or WORDS.get(name) or _of_instrument(name)
    if key is None:
        known = [*NUMBERS, *WORDS]
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"The leaderboard cannot be sorted by '{name}'.",
            hint=f"{guess}Orders: {', '.join(known)}, and what an instrument measured, such as "
            f"persona.alias_excess; write -{DEFAULT} to turn one round.",
        )
    downward = (name not in WORDS) != turned
    return [replace(group, rows=_sorted(group.rows, key, downward)) for group in groups]


def _of_instrument(name: str) -> Key | None:
    """The order by a column of an instrument, ``persona.alias_excess``; it may have no rows."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z0-9_.+-]+", name):
        return None
    return lambda row: next((f.value.value for f in row.instruments if f.key == name), None)


def _sorted(rows: Sequence[Row], key: Key, downward: bool) -> tuple[Row, ...]:
    measured = [row for row in rows if key(row) is not None]
    rest = [row for row in rows if key(row) is None]
    measured.sort(key=lambda row: key(row), reverse=downward)  # type: ignore[arg-type,return-value]
    together = [*measured, *rest]
    return tuple(sorted(together, key=lambda row: not row.is_ranked))
