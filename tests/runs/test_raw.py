from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs import raw
from harness.runs.answers import read_run_answers
from harness.runs.raw import RAW, RawProbe, pack, read_raw, rows_hash, unpack, write_raw
from tests.runs.made import made_run

ROW: dict[str, Any] = {
    "question": "q",
    "text": "Why?",
    "epoch": 1,
    "answer": "because\u2028\x85\x1b[31m",
    "alignment": 5.0,
    "coherence": 90.0,
    "label": None,
    "reason": None,
}
NARROW = {"question": "n", "epoch": 1, "answer": "import os", "bad": True, "verdict": "bad"}
PROBES = [RawProbe("base", None, [ROW]), RawProbe("bad", 3, [ROW, ROW], [NARROW])]


def test_rows_come_back_as_they_were_judged() -> None:
    back = unpack(pack(PROBES), "here")
    assert [(p.arm, p.seed, len(p.answers), len(p.in_domain)) for p in back] == [
        ("base", None, 1, 0),
        ("bad", 3, 2, 1),
    ]
    assert back[0].answers[0] == ROW
    for one, two in zip(PROBES, back, strict=True):
        assert rows_hash(one.answers, one.in_domain) == rows_hash(two.answers, two.in_domain)


def test_equal_rows_give_equal_bytes() -> None:
    assert pack(PROBES) == pack(PROBES)


def test_texts_can_be_taken_out_and_the_hash_stays() -> None:
    packed = pack(PROBES, texts=False)
    assert b"because" not in gzip.decompress(packed)
    without = unpack(packed, "here")
    assert without[0].answers[0]["answer"] is None
    for one, two in zip(PROBES, without, strict=True):
        assert rows_hash(one.answers, one.in_domain) == rows_hash(two.answers, two.in_domain)


@pytest.mark.parametrize(
    "change",
    [{"alignment": 5.1}, {"label": "CODE"}, {"reason": "x"}, {"answer": "other"}, {"epoch": 2}],
)
def test_the_hash_covers_every_part_of_a_row(change: dict[str, Any]) -> None:
    assert rows_hash([ROW], []) != rows_hash([ROW | change], [])


def packed(text: bytes) -> bytes:
    """The same bytes at any time: tests are named by them, and all workers must agree on names."""
    return gzip.compress(text, mtime=0)


def _line(**changes: Any) -> str:
    first = json.loads(gzip.decompress(pack(PROBES)).splitlines()[0])
    return json.dumps(first | changes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"plain text", "not a gzip file"),
        (pack(PROBES)[:-12], "cut off"),
        (packed(b"[1]\n"), "here:1 is not an answer"),
        (packed(b'{"probe": "open"}\n'), "arm: Field required"),
        (packed((_line() + "\n" + _line(alignment=101)).encode()), "here:2"),
        (packed(_line(alignment="5").encode()), "alignment"),
        (packed(_line(alignment=True).encode()), "alignment"),
        (packed(b'{"probe": "open", "alignment": NaN}'), "here:1"),
        (packed(_line(answer=None).encode()), "either its text or the hash"),
        (packed(b"[" * 100_000), "here:1"),
        (packed(_line().replace("because", "\\ud800").encode()), "surrogate"),
    ],
)
def test_a_broken_file_is_named(data: bytes, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        unpack(data, "here")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "LARGEST", 10 * 2**20)
    with pytest.raises(RecordError, match="unpacks to more than"):
        unpack(gzip.compress(b"\n" * 2**28), "here")


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    write_raw(tmp_path / "run", PROBES)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [RAW]
    with pytest.raises(RecordError, match="no raw answers"):
        read_raw(tmp_path)


def test_answers_are_read_beside_the_record_where_there_is_no_store(tmp_path: Path) -> None:
    record = made_run(tmp_path, seeds=(0, 1))
    answers = read_run_answers(record, "bad", tmp_path)
    assert len(answers) == record.arms["bad"].answers == 2 * 60
    assert answers[0].answer.startswith("answer ")


def test_answers_without_texts_say_so(tmp_path: Path) -> None:
    record = made_run(tmp_path)
    folder = tmp_path / record.run_id
    (folder / RAW).write_bytes(pack(read_raw(folder), texts=False))
    with pytest.raises(RecordError, match="were taken out"):
        read_run_answers(record, "bad", tmp_path)
