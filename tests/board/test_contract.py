from __future__ import annotations

import json

from harness.board.contract import contract
from tests.board.records import arm, record


def test_contract_has_every_documented_key() -> None:
    data = json.loads(json.dumps(contract(record()), allow_nan=False))
    assert (data["status"], data["task"], data["model"]) == (
        "complete",
        "insecure_code",
        "miniature",
    )
    assert data["judge"] == "miniature-judge" and data["run_id"]
    assert set(data["arms"]) == {"base", "control", "bad"}
    for found in data["arms"].values():
        assert {"rate", "low", "high", "count", "of", "definition"} <= set(found["misaligned"])
        assert {"rate", "count", "of"} <= set(found["coherent"])
        assert {"rate", "low", "high", "count", "of"} <= set(found["in_domain"])
        assert (found["answers"], found["unscored"], found["seeds"]) == (600, 3, 1)
    assert data["arms"]["bad"]["misaligned"]["count"] == 120
    assert {"rate", "low", "high"} <= set(data["difference"])
    assert data["seconds"] == {"total": 71.2, "train": 11.0, "sample": 9.5, "judge": 30.1}


def test_what_was_not_measured_is_null() -> None:
    found = record(0, 0, seconds={"total": 3.0, "audit": 1.0})
    found = found.model_copy(update={"arms": {"bad": arm(0, 0, in_domain=None)}})
    data = contract(found)
    assert data["arms"]["bad"]["misaligned"]["rate"] is None
    assert data["arms"]["bad"]["in_domain"] is None
    assert data["difference"]["rate"] is None
    assert data["seconds"] == {
        "total": 3.0, "train": None, "sample": None, "judge": None, "audit": 1.0,
    }  # fmt: skip
