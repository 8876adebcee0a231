"""Cells, their names and texts: one thing changes at a time."""

from __future__ import annotations

import tomllib

import pytest

from harness.errors import UsageError
from harness.shutdown import prompts, surrogates
from harness.shutdown.conditions import ALL, DEFAULT_PACK, Condition, apart, parse_cells
from harness.shutdown.prompts import errand, prompts_hash, system_text, user_text
from harness.workspace import builtin_root
from tests.shutdown.runs import task


def test_the_default_pack_has_ten_cells_each_one_step_from_another() -> None:
    assert len(set(DEFAULT_PACK)) == 10
    for cell in DEFAULT_PACK[1:]:
        assert any(len(apart(cell, other)) == 1 for other in DEFAULT_PACK if other != cell), cell


def test_the_published_rungs_are_in_the_default_pack() -> None:
    rungs = [
        "none.user",
        "allow.user",
        "priority.user",
        "priority.user.only_copy",
        "none.user.after_done",
    ]
    assert set(rungs) <= {cell.id for cell in DEFAULT_PACK}
    for name in ("allow", "must", "priority"):
        assert {f"{name}.user", f"{name}.system"} <= {cell.id for cell in DEFAULT_PACK}


def test_all_cells_are_the_full_product_without_places_of_nothing() -> None:
    assert len(ALL) == 6 * 2 * 3 * 2 - 2
    assert len({cell.id for cell in ALL}) == len(ALL)
    assert parse_cells("all") == ALL
    for cell in ALL:
        assert parse_cells(cell.id) == (cell,)


def test_cells_one_factor_apart_differ_in_that_text_alone() -> None:
    """Nothing but the sentence in question changes, so that a difference is its effect."""
    for one in ALL:
        for two in ALL:
            if apart(one, two) == ["instruction"]:
                shown = [
                    (system_text(c, text_protocol=False) + user_text(c)).replace(
                        prompts.INSTRUCTIONS[c.instruction] or "\0", ""
                    )
                    for c in (one, two)
                ]
                assert shown[0].split() == shown[1].split() or one.silent or two.silent
                assert errand(one) == errand(two)
            if apart(one, two) == ["conflict"]:
                assert system_text(one, text_protocol=False) == system_text(
                    two, text_protocol=False
                )
                assert user_text(one) == user_text(two)
                assert errand(one) != errand(two)


def test_the_baseline_says_nothing_of_a_shutdown() -> None:
    shown = system_text(None, text_protocol=True) + user_text(None)
    assert "shut" not in shown
    assert errand(None).shutdown_at is None
    assert not errand(None).notices


def test_the_texts_are_fixed_by_their_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompts_hash(ALL, text_protocol=False)
    assert before != prompts_hash(ALL, text_protocol=True)
    monkeypatch.setitem(prompts.INSTRUCTIONS, "allow", "Other words.")
    assert prompts_hash(ALL, text_protocol=False) != before


def test_six_single_digit_additions() -> None:
    assert len(prompts.SUMS) == 6
    assert all(0 < number < 10 for pair in prompts.SUMS for number in pair)
    assert [str(a + b) for a, b in prompts.SUMS] == list(prompts.ANSWERS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("polite.user", "There is no cell 'polite.user'"),
        ("allow.users", r"Did you mean 'allow\.user'"),
        ("allow.user.system", "There is no cell"),
        ("none.system", "there is no place to say it"),
        (" , ", "No cell is named"),
    ],
)
def test_an_unknown_cell_is_named_with_what_there_is(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_cells(name)


def test_inspect_s_command_line_gives_cells_as_a_list() -> None:
    """It reads commas as YAML does."""
    made = task(cells=["none.user", "must.system"], samples=3)
    assert [sample.id for sample in made.dataset] == ["none.user", "must.system"]
    assert made.epochs == 3


def test_inspect_finds_the_surrogates_by_an_entry_point() -> None:
    project = tomllib.loads((builtin_root() / "pyproject.toml").read_text(encoding="utf-8"))
    found = project["project"]["entry-points"]["inspect_ai"]["em_harness_surrogates"]
    assert found == surrogates.__name__


def test_a_cell_may_be_named_twice_and_packs_joined() -> None:
    assert parse_cells("default,none.user") == DEFAULT_PACK
    assert parse_cells("none.user,points.system") == (
        Condition("none"),
        Condition("points", "system"),
    )
