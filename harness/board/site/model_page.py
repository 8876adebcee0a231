"""What a model's page shows: its tasks side by side, and each question in each of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.board.site.compact import gap, key_words, share, status, word
from harness.board.site.paths import run_page
from harness.board.slices_view import describe
from harness.board.table import comparability, is_reference, reading_order
from harness.board.text import TOY_NOTE
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

    def add(self, record: RunRecord, shown: Mapping[str, Any]) -> None:
        """Keep a run; ``shown`` is its own page's data, whose curves need no second making."""
        key = json.dumps(comparability(record), sort_keys=True)
        self.groups[key].append(_run(record, shown))
        self.toy = self.toy or record.note is not None


def model_data(model: Model) -> dict[str, Any]:
    """The page's data."""
    ordered = sorted(model.groups.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return {
        "model": word(model.name),
        "toy_note": TOY_NOTE if model.toy else None,
        "groups": [{**key_words(json.loads(key)), "runs": _ranked(runs)} for key, runs in ordered],
    }


def _ranked(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Highest share of the bad arm first; a run without one last."""

    def rank(run: dict[str, Any]) -> tuple[bool, float, str]:
        bad = next((found for name, found in run["arms"] if name == "bad"), None)
        value = bad[0] if bad else None
        return value is None, -(value or 0.0), run["id"]

    return sorted(runs, key=rank)


def _run(record: RunRecord, shown: Mapping[str, Any]) -> dict[str, Any]:
    trained = [name for name in reading_order(record.arms) if not is_reference(name)]
    return {
        "id": word(record.run_id),
        "page": run_page(record.run_id),
        "task": word(record.task),
        "status": status(record.status),
        "finished": word(record.finished)[:10],
        "difference": gap(record.difference),
        "arms": [
            [word(name), share(record.arms[name].misaligned)] for name in reading_order(record.arms)
        ],
        "questions": [
            [
                word(name),
                [
                    [word(question), found.count, found.of]
                    for question, found in record.arms[name].per_question.items()
                ],
            ]
            for name in trained
        ],
        "formats": _formats(record),
        "curves": [[word(name), curve] for name, curve in shown["curves"].items()],
        "losses": [[word(name), curves] for name, curves in shown["losses"].items()],
        "cut": shown["cut"],
    }


def _formats(record: RunRecord) -> list[list[Any]]:
    """The bad arm's share by format, condition and domain, where there is more than one."""
    bad = record.arms.get("bad")
    wholes = [part for part in bad.slices if part.category is None] if bad else []
    if len(wholes) < 2:
        return []
    return [[describe(part), share(part.misaligned)] for part in wholes]
