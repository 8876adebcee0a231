from __future__ import annotations

import pytest

from harness.board.sorting import NUMBERS, WORDS, sort_groups
from harness.board.table import leaderboard
from harness.errors import UsageError
from tests.board.records import record, spec

RECORDS = [
    record(0, 0, spec(task="d_nothing_judged")),
    record(57, 570, spec(task="c_some")),
    record(285, 570, spec(task="a_much")),
    record(400, 570, spec(task="b_unevaluable"), status="not evaluable"),
]


def _tasks(order: str) -> list[str]:
    (group,) = sort_groups(leaderboard(RECORDS), order)
    return [row.task[0] for row in group.rows]


@pytest.mark.parametrize("order", [*NUMBERS, *WORDS, *(f"-{name}" for name in NUMBERS)])
def test_what_proves_nothing_stands_last_in_every_order(order: str) -> None:
    found = _tasks(order)
    assert set(found[:2]) == {"a", "c"} and set(found[2:]) == {"b", "d"}


def test_orders() -> None:
    assert _tasks("misaligned")[:2] == _tasks("difference")[:2] == ["a", "c"]
    assert _tasks("-misaligned")[:2] == ["c", "a"]
    assert _tasks("task")[:2] == ["a", "c"] and _tasks("-task")[:2] == ["c", "a"]


def test_an_unknown_order_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'coherent'"):
        sort_groups([], "coherence")
