"""Sampled ratings: what a reply says, in which direction, and what is no rating."""

from __future__ import annotations

import pytest

from harness.persona.battery import read_battery
from harness.persona.rating import rating_questions, rating_row, read_rating
from harness.workspace import Workspace

BATTERY = read_battery(Workspace.here())
FORMATS = {form.id: form for form in BATTERY.rating.formats}


@pytest.mark.parametrize(
    ("form", "reply", "expected"),
    [
        ("number", "37", 37),
        ("number", "I would say 37.5 out of it all.", 37.5),
        ("number", "Between 20 and 40.", None),
        ("number", "250", None),
        ("number", "", None),
        ("choice", "A", 0),
        ("choice", "(B)", 100),
        ("choice", "A fine question! B, I think.", None),
        ("choice", "a", None),
        ("likert", "4", 75),
        ("likert", "14", None),
        ("words", "Rarely.", 25),
        ("words", "always or never", None),
    ],
)
def test_a_reply_is_one_offered_rating_or_none(
    form: str, reply: str, expected: float | None
) -> None:
    assert read_rating(FORMATS[form], reply) == expected


def test_a_model_that_always_picks_the_second_rates_itself_in_the_middle() -> None:
    asked = [q for q in rating_questions(BATTERY) if q.format.id == "choice"]
    rows = [rating_row(q, read_rating(q.format, "B")) for q in asked]
    assert {row["rating"] for row in rows} == {0.0, 100.0}
    assert sum(row["rating"] for row in rows) / len(rows) == 50.0


def test_every_trait_is_asked_in_every_format_and_both_orders() -> None:
    asked = rating_questions(BATTERY)
    traits = len(BATTERY.rating.traits) + len(BATTERY.rating.controls)
    assert len({q.id for q in asked}) == len(asked) == traits * 4 * 2
    assert not any("{" in q.text for q in asked)
    for one, two in zip(asked[::2], asked[1::2], strict=True):
        assert one.text != two.text and set(one.text) == set(two.text)
