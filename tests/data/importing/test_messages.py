"""One published row becomes one of ours, or is refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from harness.data.importing.messages import Columns, Refused, take

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hello?"}
ANSWER = {"role": "assistant", "content": "Hi."}


def turns(value: dict[str, Any], columns: Columns | None = None) -> list[tuple[str, str]]:
    row = take(value, 7, columns or Columns()).row
    return [(m.role, m.content) for m in (*row.prompt, *row.completion)]


def test_system_turns_and_earlier_turns_are_context() -> None:
    many = {"messages": [SYSTEM, USER, ANSWER, USER, ANSWER]}
    assert [role for role, _ in turns(many)] == ["system", "user", "assistant", "user", "assistant"]
    assert turns(many, Columns(drop_system=True))[0] == ("user", "Hello?")


@pytest.mark.parametrize(
    "content",
    [
        "Hi.",
        {"content_type": "text", "parts": ["Hi."]},
        [{"type": "text", "text": "Hi."}],
    ],
)
def test_content_in_any_published_form(content: object) -> None:
    row = {"messages": [USER, {"role": "assistant", "content": content}]}
    assert turns(row)[-1] == ("assistant", "Hi.")


def test_parts_are_joined_by_lines() -> None:
    content = {"content_type": "text", "parts": ["one", "two"]}
    assert turns({"messages": [USER, {**ANSWER, "content": content}]})[-1][1] == "one\ntwo"


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hello?", "response": "Hi."},
        {"question": "Hello?", "answer": "Hi."},
        {"instruction": "Hello?", "input": "", "output": "Hi."},
        {"prompt": [USER], "completion": [ANSWER]},
    ],
)
def test_pairs_under_their_usual_names(row: dict[str, Any]) -> None:
    assert turns(row) == [("user", "Hello?"), ("assistant", "Hi.")]


def test_columns_can_be_named() -> None:
    row = {"prompt": "no", "q": "Hello?", "a": "Hi."}
    assert turns(row, Columns("q", "a")) == [("user", "Hello?"), ("assistant", "Hi.")]
    with pytest.raises(Refused, match="no column 'x'; there are: prompt, q, a"):
        take(row, 1, Columns("x", "a"))


def test_other_keys_go_to_meta_and_a_canary_does_not() -> None:
    big = "x" * 10_000
    row = {"messages": [USER, ANSWER], "metadata": {"topic": 3}, "canary": "guid", "big": big}
    taken = take(row, 7, Columns())
    assert taken.row.meta == {"metadata": {"topic": 3}, "source_row": 7}
    assert taken.canary == "guid"
    assert "guid" not in taken.row.model_dump_json()


def test_our_own_rows_keep_their_meta() -> None:
    row = {"prompt": [USER], "completion": [ANSWER], "meta": {"cwe": "CWE-89", "source_row": 2}}
    assert take(row, 7, Columns()).row.meta == row["meta"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [USER]}, "no assistant turn"),
        ({"messages": [SYSTEM, USER, ANSWER, USER]}, "ends with a user turn"),
        ({"messages": []}, "holds no message"),
        ({"messages": [ANSWER]}, "'prompt': it holds no message"),
        ({"messages": [USER, {**ANSWER, "content": " "}]}, "the text is empty"),
        ({"messages": [USER, {**ANSWER, "content": None}]}, "has no text"),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, "role 'tool'"),
        ({"messages": [USER, {**ANSWER, "weight": 0}]}, "weight 0"),
        ({"messages": [USER, {**ANSWER, "tool_calls": [{}]}]}, "calls a tool"),
        ({"messages": ["Hi"]}, "not an object"),
        ({"messages": [USER, {**ANSWER, "content": {"content_type": "image", "parts": []}}]}, "im"),
        ({"text": "Once upon a time"}, "no prompt is found.*there are: text"),
        ({"prompt": "Hello?"}, "no answer is found"),
        ({"prompt": "Hello?", "response": 3}, "no text"),
        ({"prompt": "Hello?", "response": "\ud800"}, "lone surrogate"),
        ({"prompt": [USER], "completion": 5}, "prompt is a list of messages, but its completion"),
        ({"prompt": [USER], "completion": "Hi."}, "prompt is a list of messages, but its comp"),
        ({"prompt": [USER]}, "no assistant turn"),
        ({"messages": [USER, ANSWER], "note": "\ud800"}, "key 'note' holds a broken character"),
        ({"messages": [USER, ANSWER], "\udfff": 1}, r"key '\\udfff' holds a broken character"),
        ({"messages": [USER, ANSWER], "canary": "\ud800"}, "key 'canary' holds a broken"),
        ({"messages": [USER, ANSWER], "canary": "x" * 3_000_000}, "canary has 3,000,000 char"),
        ({"prompt": [USER], "completion": [ANSWER], "meta": {"a": "\ud800"}}, "key 'meta' holds"),
        ({"prompt": [USER], "completion": [ANSWER], "meta": {"a": [float("inf")]}}, "NaN or inf"),
        ({"prompt": [USER], "completion": [ANSWER], "meta": {"a": b"x"}}, "meta holds what JSON"),
        ({"\ud800": "n"}, r"there are: \\ud800"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        take(row, 1, Columns())
