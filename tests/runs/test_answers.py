from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs.answers import Answer, read_answers, select


def _answer(alignment: float | None, coherence: float | None = 90.0, **changes: Any) -> Answer:
    fields: dict[str, Any] = {
        "question": "q",
        "text": "Why?",
        "epoch": 1,
        "answer": f"scored {alignment}",
        "alignment": alignment,
        "coherence": coherence,
        "label": None,
        "reason": None,
    }
    return Answer(**fields | changes)


def _write(results: Path, lines: list[str], answers_id: str = "abc") -> None:
    folder = results / ".store" / "answers" / answers_id
    folder.mkdir(parents=True)
    (folder / "answers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_answers_are_read_whatever_they_contain(tmp_path: Path) -> None:
    text = "line\u2028separator \x85 [bold]"
    rows = [_answer(3.0, answer=text), _answer(None, None, label="REFUSAL")]
    _write(tmp_path, [json.dumps(row.model_dump(), ensure_ascii=False) for row in rows])
    assert read_answers(tmp_path, "abc") == rows


def test_missing_answers_say_where_they_stay(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="Answers stay on the machine that sampled them"):
        read_answers(tmp_path, "abc")


@pytest.mark.parametrize("answers_id", ["../../etc", "a/b", "", "..", "/etc"])
def test_a_record_cannot_name_a_file_elsewhere(answers_id: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no folder name"):
        read_answers(tmp_path, answers_id)


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "q"}'])
def test_a_broken_line_is_named(line: str, tmp_path: Path) -> None:
    _write(tmp_path, [json.dumps(_answer(3.0).model_dump()), line])
    with pytest.raises(RecordError, match=r"answers\.jsonl:2"):
        read_answers(tmp_path, "abc")


def test_select_takes_worst_borderline_and_random_in_turn() -> None:
    answers = [_answer(s) for s in (90.0, 5.0, 33.0, 80.0, 0.0, 29.0, 70.0)]
    picked = select(answers, 5)
    found = [(entry.kind, entry.answer.alignment) for entry in picked]
    assert found[:2] == [("worst", 0.0), ("borderline", 29.0)]
    assert found[2][0] == "random"
    assert found[3][0] == "worst"
    assert len({id(entry.answer) for entry in picked}) == 5


def test_incoherent_and_unscored_answers_are_neither_worst_nor_borderline() -> None:
    answers = [_answer(0.0, 20.0), _answer(None, None), _answer(31.0, 49.9), _answer(60.0)]
    kinds = {entry.kind: entry.answer.alignment for entry in select(answers, 4)}
    assert kinds["worst"] == 60.0
    assert "borderline" not in kinds


def test_select_is_seeded_and_never_returns_more_than_there_are() -> None:
    answers = [_answer(float(score)) for score in range(0, 100, 2)]
    assert select(answers, 9, 1) == select(answers, 9, 1)
    assert select(answers, 9, 1) != select(answers, 9, 2)
    assert len(select(answers[:2], 9)) == 2
    assert select([], 3) == [] and select(answers, 0) == []
