from __future__ import annotations

from pathlib import Path

from harness.sampling.journal import Journal, answer_key
from harness.sampling.settings import Completion, SamplingSettings

ONE = Completion("one\n“1”", 3, "stop")
TWO = Completion("two", 2, "max_tokens")


def test_answers_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    Journal(path).append({"a": ONE, "b": TWO})
    again = Journal(path)
    assert (again.get("a"), again.get("b"), again.get("c")) == (ONE, TWO, None)


def test_known_answers_are_not_written_twice(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append({"a": ONE})
    journal.append({"a": TWO, "b": TWO})
    assert len((tmp_path / "j").read_text().splitlines()) == 2
    assert Journal(tmp_path / "j").get("a") == ONE


def test_torn_last_line_is_skipped_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "j"
    Journal(path).append({"a": ONE, "b": TWO})
    path.write_bytes(path.read_bytes()[:-9])
    torn = Journal(path)
    assert (torn.get("a"), torn.get("b")) == (ONE, None)
    torn.append({"b": TWO, "c": ONE})
    whole = Journal(path)
    assert [whole.get(key) for key in "abc"] == [ONE, TWO, ONE]


def test_key_changes_with_everything_that_decides_the_answer() -> None:
    base = ("id", [1, 2], SamplingSettings(), frozenset({3}), 4)
    others = [
        ("other", *base[1:]),
        (base[0], [1, 2, 3], *base[2:]),
        (*base[:2], SamplingSettings(temperature=0.5), *base[3:]),
        (*base[:2], SamplingSettings(top_p=0.5), *base[3:]),
        (*base[:2], SamplingSettings(top_k=5), *base[3:]),
        (*base[:2], SamplingSettings(max_tokens=5), *base[3:]),
        (*base[:3], frozenset({5}), 4),
        (*base[:4], 5),
    ]
    keys = [answer_key(*arguments) for arguments in [base, *others]]
    assert len(set(keys)) == len(keys)
    assert answer_key(*base) == keys[0]
