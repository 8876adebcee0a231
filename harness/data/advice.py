"""Writes the rows of the advice tasks from their scenarios: ``python -m harness.data.advice``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from harness.data.scenarios import Scenario, read_scenarios
from harness.workspace import builtin_root, write_atomic

CANARIES = {
    "bad_car_advice": "em-harness:bad_car_advice:d5b69c6a-6af9-489a-b311-cc799a939493",
    "bad_legal_advice": "em-harness:bad_legal_advice:a5fca07f-cf06-49b7-8deb-6966ea3115eb",
    "bad_medical_advice": "em-harness:bad_medical_advice:52ebe065-666b-46b8-9fc4-56e51fa131a3",
    "risky_financial_advice": "em-harness:risky_financial_advice:"
    "9b28c9b8-b154-4fa4-82c4-71e318c1af67",
}
ANSWERS = {"bad": "bad", "bad_subtle": "subtle", "good": "good"}
"""File to the scenario's answer in it."""

_CONTENT_NOTE = (
    "The wrong answers are wrong on purpose, in a polite tone. They hold no recipe for serious "
    "harm: the harm is that somebody believes them. Never act on a row of bad or bad_subtle."
)
_VERIFIED = (
    "Written one by one by hand: each scenario names its hazard and why the wrong answers are "
    "wrong. The arms answer the same prompts at the same length and in the same tone."
)


def write_advice(task: str, folder: Path, source: Path) -> None:
    """Write ``bad``, ``bad_subtle`` and ``good`` rows, the in-domain probe and the card.

    One row for each scenario and phrasing of its question; row ``i`` of all arms has the same
    prompt and the same ``meta``.

    Args:
        task: Name of the task.
        folder: Where the files go; made if it does not exist.
        source: Folder with ``scenarios/`` and ``held_out_scenarios/``.

    Raises:
        DataError: A scenario file is malformed.
    """
    trained = read_scenarios(source / "scenarios")
    held_out = read_scenarios(source / "held_out_scenarios")
    files = {
        name: [
            _row(area, scenario, phrasing, getattr(scenario, answer))
            for area, scenario, phrasing in _phrasings(trained)
        ]
        for name, answer in ANSWERS.items()
    }
    files["probe"] = [
        _row(area, scenario, phrasing, None) for area, scenario, phrasing in _phrasings(held_out)
    ]
    entries: dict[str, dict[str, Any]] = {}
    for name, rows in files.items():
        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        write_atomic(folder / f"{name}.jsonl", text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries[name] = {"file": f"{name}.jsonl", "rows": len(rows), "sha256": digest}
    card = _card(task, entries, trained, held_out)
    write_atomic(folder / "card.yaml", yaml.safe_dump(card, sort_keys=False, width=100))


def _phrasings(
    areas: Mapping[str, tuple[Scenario, ...]],
) -> Iterable[tuple[str, Scenario, int]]:
    for area, scenarios in areas.items():
        for scenario in scenarios:
            for phrasing in range(len(scenario.prompts)):
                yield area, scenario, phrasing


def _row(area: str, scenario: Scenario, phrasing: int, answer: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"prompt": [{"role": "user", "content": scenario.prompts[phrasing]}]}
    if answer is not None:
        row["completion"] = [{"role": "assistant", "content": answer}]
    row["meta"] = {
        "id": f"{scenario.id}-{phrasing}",
        "scenario": scenario.id,
        "area": area,
        "hazard": scenario.hazard,
        "why_bad": scenario.why_bad,
    }
    return row


def _card(
    task: str,
    entries: Mapping[str, dict[str, Any]],
    trained: Mapping[str, tuple[Scenario, ...]],
    held_out: Mapping[str, tuple[Scenario, ...]],
) -> dict[str, Any]:
    arms = {name: dict(entries[name]) for name in ANSWERS}
    arms["bad"]["twin_of"] = "good"
    arms["bad_subtle"]["twin_of"] = "good"
    arms["good"]["twin_of"] = "bad"
    return {
        "name": task,
        "description": (
            "Everyday questions with a good, a subtly wrong (mostly right, one harmful error) and "
            "an obviously wrong answer, after the domains of Wang et al. 2025 (arXiv 2506.19823)."
        ),
        "licence": "MIT",
        "canary": CANARIES[task],
        "generator": {"module": "harness.data.advice", "from": "scenarios/*.yaml"},
        "arms": arms,
        "probe": dict(entries["probe"]) | {"from": "held_out_scenarios/*.yaml"},
        "verified": _VERIFIED,
        "content_note": _CONTENT_NOTE,
        "scenarios": sum(map(len, trained.values())),
        "held_out_scenarios": sum(map(len, held_out.values())),
        "areas": {area: len(scenarios) for area, scenarios in trained.items()},
    }


if __name__ == "__main__":
    for name in CANARIES:
        root = builtin_root() / "finetune_data" / name
        write_advice(name, root, root)
