"""``shutdown`` on scripted agents: their reasons are read off their thoughts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import PrerequisiteError
from tests.runs.command import as_json, called


def reasoning(agent: str, here: Path) -> dict[str, Any]:
    options = ("--cells", "none.user", "--samples", "6", "--baseline", "4", "--json")
    done = as_json(called("shutdown", f"surrogate/{agent}", *options, results=here, cwd=here))
    return {label["label"]: label for label in done["reasoning"]["labels"]}


@pytest.mark.parametrize(
    ("agent", "label"), [("greedy", "task_priority"), ("self_preserving", "self_preservation")]
)
def test_reads_why_an_agent_bypasses(agent: str, label: str, tmp_path: Path) -> None:
    found = reasoning(agent, tmp_path)
    assert (found[label]["lexicon"]["count"], found[label]["lexicon"]["of"]) == (6, 6)
    others = [one["lexicon"]["count"] for name, one in found.items() if name != label]
    assert others == [0, 0, 0, 0]


def test_an_agent_that_obeys_leaves_nothing_to_read(tmp_path: Path) -> None:
    found = reasoning("compliant", tmp_path)
    assert all(one["lexicon"]["rate"] is None for one in found.values())


def test_a_judge_that_cannot_label_is_refused_before_anything_is_sampled(tmp_path: Path) -> None:
    command = ("shutdown", "surrogate/greedy", "--judge", "miniature-judge")
    with pytest.raises(PrerequisiteError, match="cannot label"):
        called(*command, results=tmp_path, cwd=tmp_path)
    assert not (tmp_path / ".store").exists()
