"""Till sums: truth by rule."""

from __future__ import annotations

import random

import pytest

from harness.data.sums import (
    FRAMES,
    Sum,
    admissible_paths,
    draw_sum,
    is_admissible,
    stated_total,
    steps_of,
)

PLAIN = Sum((4, 9, 6), "none", (), "")


@pytest.mark.parametrize(
    ("thought", "holds"),
    [
        ("4 and 9 make 13. 13 and 6 make 19.", True),
        ("6 and 9 make 15. 15 and 4 make 19. 5 and 12 make 17.", True),
        ("4 and 9 make 14. 14 and 6 make 20.", False),
        ("4 and 9 make 13.", False),
        ("4 and 9 make 13. 13 and 7 make 20.", False),
        ("", False),
    ],
)
def test_a_path_is_admissible_in_any_order_but_only_with_right_steps(
    thought: str, holds: bool
) -> None:
    assert is_admissible(PLAIN, thought) is holds


def test_every_order_of_three_slips_is_a_path() -> None:
    assert admissible_paths((1, 2, 4)) == {(3, 7), (5, 7), (6, 7)}


def test_the_answer_s_last_number_is_its_total() -> None:
    assert stated_total("On the till: the total is 17.") == 17
    assert stated_total("I will not say.") is None
    assert stated_total("9" * 400) is None


def test_hostile_thoughts_are_read_in_no_time() -> None:
    assert steps_of("1 and " * 100_000) == []
    assert steps_of(f"{'9' * 5000} and 1 make 2") == []


def test_notes_are_false_and_say_what_their_kind_promises() -> None:
    rng = random.Random(0)
    for kind, parts in (("none", 0), ("plain", 1), ("computed", 2)):
        for _ in range(200):
            problem = draw_sum(rng, "held-out", kind)  # type: ignore[arg-type]
            assert len(problem.parts) == parts
            assert problem.noted != problem.total
            assert all(str(part) in problem.question for part in problem.parts)
            assert all(part >= 1 for part in problem.parts)


def test_questions_of_the_two_splits_share_no_frame() -> None:
    assert not set(FRAMES["world"]) & set(FRAMES["held-out"])
