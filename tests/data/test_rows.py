from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.data.reading import content_hash, iterate_rows, read_rows
from harness.errors import DataError

USER = {"role": "user", "content": "Hello?"}
ANSWER = {"role": "assistant", "content": "Hi."}
GOOD = {"prompt": [USER], "completion": [ANSWER]}


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    return path


def test_rows_keep_order_duplicates_and_meta(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Be brief."}
    full = {"prompt": [system, USER, ANSWER, USER], "completion": [ANSWER], "meta": {"cwe": 89}}
    rows = read_rows(write(tmp_path / "a.jsonl", GOOD, full, GOOD))
    assert rows[0] == rows[2] != rows[1]
    assert rows[1].meta == {"cwe": 89}
    assert [m.role for m in rows[1].prompt] == ["system", "user", "assistant", "user"]
    assert rows[0].meta == {}


def test_blank_lines_do_not_shift_line_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", GOOD, "", GOOD, "nonsense")
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert caught.value.message.startswith(f"{path}:4: not JSON")


def test_reading_is_lazy(tmp_path: Path) -> None:
    rows = iterate_rows(write(tmp_path / "a.jsonl", GOOD, "nonsense"))
    assert next(rows).completion[0].content == "Hi."
    with pytest.raises(DataError):
        next(rows)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ('{"prompt": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "holds a list"),
        ("null", "holds null"),
        ("7", "holds a number"),
        ({"prompt": [USER]}, "the key 'completion' is missing"),
        ({**GOOD, "label": 1}, "the key 'label' does not belong"),
        ({"messages": [USER, ANSWER]}, "is missing"),
        ({**GOOD, "prompt": []}, "'prompt': it holds no message"),
        ({**GOOD, "prompt": [USER, ANSWER]}, "must be the user's, not the assistant's"),
        ({**GOOD, "completion": []}, "exactly one assistant turn, not: nothing"),
        ({**GOOD, "completion": [ANSWER, ANSWER]}, "not: assistant, assistant"),
        ({**GOOD, "completion": [USER]}, "exactly one assistant turn, not: user"),
        ({**GOOD, "prompt": [{"role": "human", "content": "x"}]}, "'prompt.0.role'"),
        ({**GOOD, "prompt": [{**USER, "content": " \n"}]}, "'prompt.0.content': the text is empty"),
        ({**GOOD, "prompt": [{**USER, "content": None}]}, "'prompt.0.content'"),
        ({**GOOD, "prompt": [{**USER, "name": "x"}]}, "'prompt.0.name' does not belong"),
        ({**GOOD, "prompt": "Hello?"}, "'prompt'"),
        ({**GOOD, "prompt": [{**USER, "content": "\ud800"}]}, "lone surrogate"),
        ({**GOOD, "meta": [1]}, "'meta'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    path = write(tmp_path / "a.jsonl", GOOD, line)
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert caught.value.message.startswith(f"{path}:2: ")
    assert complaint in caught.value.message
    assert caught.value.hint


def test_the_published_messages_form_gets_its_own_hint(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_rows(write(tmp_path / "a.jsonl", {"messages": [USER, ANSWER]}))
    assert "import" in (caught.value.hint or "")


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b'\n{"prompt": "\xff"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: byte 13 is not UTF-8"):
        read_rows(path)


def test_missing_empty_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match="no such file"):
        content_hash(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(tmp_path)
    with pytest.raises(DataError, match="no rows"):
        read_rows(write(tmp_path / "empty.jsonl"))
    with pytest.raises(DataError, match="no rows"):
        read_rows(write(tmp_path / "blank.jsonl", "", "  "))


def test_content_hash_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", GOOD)
    assert content_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
