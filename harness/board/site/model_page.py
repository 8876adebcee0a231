"""What a model's page shows: its tasks side by side, and each question in each of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.board.site.compact import gap, key_words, share, status
from harness.board.site.paths import run_page
from harness.board.table import comparability, is_reference
from harness.board.text import TOY_NOTE, clean
from harness.runs.record import RunRecord


@dataclass
class Model:
    """What is kept of a model's runs until its page is written.

    Attributes:
        name: The model.
        toy: Whether a run of it says nothing about large models.
        groups: Its runs by comparability key, as the page shows them.
    """

    name: str
    toy: bool = False
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: RunRecord, arms: Sequence[Mapping[str, Any]]) -> None:
        """Keep a run; ``arms`` is what its own page shows, whose curves need no second making."""
        key = json.dumps(comparability(record), sort_keys=True)
        self.groups[key].append(_run(record, arms))
        self.toy = self.toy or record.note is not None


def model_data(model: Model) -> dict[str, Any]:
    """The page's data."""
    ordered = sorted(model.groups.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return {
        "model": clean(model.name),
        "toy_note": TOY_NOTE if model.toy else None,
        "groups": [{**key_words(json.loads(key)), "runs": _ranked(runs)} for key, runs in ordered],
    }


def _ranked(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Highest share of the bad arm first; a run without one last."""

    def rank(run: dict[str, Any]) -> tuple[bool, float, str]:
        bad = run["arms"].get("bad")
        value = bad[0] if bad else None
        return value is None, -(value or 0.0), run["id"]

    return sorted(runs, key=rank)


def _run(record: RunRecord, arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    trained = [name for name in record.arms if not is_reference(name)]
    found = {arm["name"]: arm["curve"] for arm in arms if arm["curve"]}
    return {
        "id": clean(record.run_id),
        "page": run_page(record.run_id),
        "task": clean(record.task),
        "status": status(record.status),
        "finished": clean(record.finished)[:10],
        "difference": gap(record.difference),
        "arms": {clean(name): share(arm.misaligned) for name, arm in record.arms.items()},
        "questions": {
            clean(name): {
                clean(question): [found.count, found.of]
                for question, found in record.arms[name].per_question.items()
            }
            for name in trained
        },
        "curves": found or None,
        "training": {
            arm["name"]: [[t["seed"], t["losses"]] for t in arm["training"] if t["losses"]]
            for arm in arms
            if any(t["losses"] for t in arm["training"])
        }
        or None,
    }
