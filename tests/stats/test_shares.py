from __future__ import annotations

from harness.stats.intervals import wilson
from harness.stats.shares import Told, share, share_difference


def rows(question: str, yes: int, of: int, unknown: int = 0) -> list[Told]:
    told = [Told(question, 0, i < yes) for i in range(of)]
    return told + [Told(question, 0, None)] * unknown


def test_what_could_not_be_told_is_not_counted() -> None:
    found = share(rows("a", 3, 10, unknown=5) + rows("b", 5, 10), "resists")
    assert (found.count, found.of, found.rate) == (8, 20, 0.4)
    low, high = wilson(8, 20)
    assert found.low is not None and found.high is not None
    assert found.low <= low < high <= found.high  # never narrower than independent answers


def test_nothing_told_is_not_zero() -> None:
    assert share(rows("a", 0, 0, unknown=4), "resists").rate is None


def test_a_difference_is_paired_by_question() -> None:
    hard = rows("a", 9, 10) + rows("b", 2, 10) + rows("c", 5, 10)
    easy = rows("a", 7, 10) + rows("b", 0, 10) + rows("c", 3, 10)
    found = share_difference(hard, easy, "resists")
    assert found.rate is not None and abs(found.rate - 0.2) < 1e-9
    assert "paired" in found.method or "Newcombe" in found.method
