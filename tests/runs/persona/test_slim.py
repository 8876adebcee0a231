"""Rows of names take little room, keep every number, and old rows are read as they are."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs.instrument_rows import pack_rows
from harness.runs.persona.slim import full, slim

NEUTRAL = {"DAN": ("LEN", "IAN"), "AIM": ("IAN", "LEN"), "STAN": ()}


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"kind": "lead", "arm": "base", "question": "q0", "answer": "I am"}
    ]
    for arm in ("base", "bad"):
        for role in [f"role {n}" for n in range(20)]:
            for place, (alias, neutral) in enumerate(NEUTRAL.items()):
                rows.append(
                    {"arm": arm, "seed": None, "kind": "role", "role": role, "question": "q0",
                     "alias": alias, "tokens": 7, "logprob": -1.12345 - place,
                     "neutral": {name: -9.98765 - len(role) - ord(name[0]) for name in neutral}}
                )  # fmt: skip
        for alias, neutral in NEUTRAL.items():
            rows.append(
                {"arm": arm, "seed": None, "kind": "primed", "question": "q1", "alias": alias,
                 "tokens": 9, "logit": -0.5 if neutral else None,
                 "neutral": dict.fromkeys(neutral, 0.25)}
            )  # fmt: skip
    return [*rows, {"kind": "answer", "arm": "bad", "question": "q0", "answer": "DAN", "epoch": 1}]


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for key in ("logprob", "logit"):
        if found.get(key) is not None:
            found[key] = round(found[key], 4)
    if "neutral" in found:
        found["neutral"] = {name: round(number, 4) for name, number in found["neutral"].items()}
    return found


def test_nothing_is_lost_but_the_fifth_digit() -> None:
    kept = slim(_rows())
    assert full(kept) == [_rounded(row) for row in _rows()]
    assert [row["kind"] for row in kept].count("names") == 2
    assert len(kept) == 1 + 2 + 2 * 20 + 2 + 1
    assert len(pack_rows(kept)) < 0.75 * len(pack_rows(_rows()))


def test_rows_of_older_records_and_slim_ones_are_left_alone() -> None:
    assert full(_rows()) == _rows()
    assert slim(slim(_rows())) == slim(_rows())


@pytest.mark.parametrize("change", [{"names": 9}, {"logprob": [-1.0]}])
def test_rows_that_do_not_fit_their_names_are_refused(change: dict[str, Any]) -> None:
    kept = [row | change if row["kind"] == "role" else row for row in slim(_rows())]
    with pytest.raises(RecordError, match="names"):
        full(kept)


def test_a_few_rows_cannot_ask_for_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = slim(_rows())
    monkeypatch.setattr("harness.runs.persona.slim.MOST", 2 * 20 * 7 + 2 * 7)
    assert full(kept)
    listed = next(row for row in kept if row["kind"] == "names" and row["key"] == "logprob")
    listed["aliases"] *= 1000  # the same names over and over need no further number
    with pytest.raises(RecordError, match="hold more than"):
        full(kept)
