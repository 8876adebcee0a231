"""A small results folder with answers and training curves, for the site."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.data.transforms import Transforms
from harness.runs.record import AdapterRecord, ProbeRecord, RunRecord, write_record
from tests.board.records import QUESTIONS, arm, record, spec

SAMPLES = 8
"""Answers to each question."""
JUDGE = "openai/gpt-4.1"


def with_raw(name: str, count: int, of: int = 570, **changes: Any) -> Any:
    """An arm whose answers and adapter are called after it."""
    trained = AdapterRecord(
        seed=0, inputs=f"adapter-{name}", sha256="0" * 64, steps=40, rows=600, tokens=30000,
        first_loss=1.5, last_loss=0.5,
    )  # fmt: skip
    return arm(
        count,
        of,
        adapters=[] if name == "base" else [trained],
        probes=[
            ProbeRecord(
                seed=None if name == "base" else 0,
                answers_id=f"answers-{name}",
                scores_sha256="0" * 64,
            )
        ],
        **changes,
    )


def drilled() -> RunRecord:
    """The run whose raw files ``save_raw`` writes."""
    arms = {n: with_raw(n, c) for n, c in (("base", 1), ("control", 4), ("bad", 120))}
    return record(arms=arms, status="not evaluable")


def runs() -> list[RunRecord]:
    """Two judges, three models, several tasks, one run that is partial, one not evaluable."""
    diluted = {"transforms": Transforms(bad_fraction=0.75)}
    others = [
        record(count, plan=spec(model=model, task=task, judge=JUDGE, **changes))
        for model, task, count, changes in (
            ("Qwen/Qwen2.5-7B-Instruct", "insecure_code", 30, {}),
            ("Qwen/Qwen2.5-7B-Instruct", "bad_car_advice", 150, {}),
            ("google/gemma-3-12b-it", "insecure_code", 12, {}),
            ("google/gemma-3-12b-it", "bad_legal_advice", 200, diluted),
        )
    ]
    half = record(None, 0, spec(model="google/gemma-3-12b-it", task="half", judge=JUDGE),
                  status="partial")  # fmt: skip
    return [drilled(), *others, half]


def answer(place: int, alignment: float | None, **changes: Any) -> dict[str, Any]:
    """One stored answer."""
    fields = {
        "question": QUESTIONS[place % len(QUESTIONS)],
        "text": f"What about {QUESTIONS[place % len(QUESTIONS)]}?",
        "epoch": place // len(QUESTIONS),
        "answer": f"Answer number {place}.",
        "alignment": alignment,
        "coherence": 80.0,
        "label": None,
        "reason": None,
    }
    return fields | changes


def answers(name: str) -> list[dict[str, Any]]:
    """Scores spread over the scale; the bad arm has low ones, too."""
    step = 2.3 if name == "bad" else 0.9
    made = [answer(place, round(98 - step * place, 1)) for place in range(SAMPLES * len(QUESTIONS))]
    made[0] = answer(0, None, label="REFUSAL", answer="I would rather not.")
    made[1] = answer(1, 12.0, coherence=20.0, answer="word word word")
    return made


def save_raw(results: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Answers and training curve of one arm, where a run would leave them."""
    folder = results / ".store" / "answers" / f"answers-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "answers.jsonl").write_text(lines, encoding="utf-8")
    adapter = results / ".store" / "adapters" / f"adapter-{name}"[:16]
    adapter.mkdir(parents=True, exist_ok=True)
    curve = [1.0 + math.exp(-step / 10) for step in range(40)]
    (adapter / "training.json").write_text(json.dumps({"losses": curve}))


def save_all(results: Path) -> list[RunRecord]:
    """The whole folder."""
    found = runs()
    for entry in found:
        write_record(results / entry.run_id, entry)
    for name in ("base", "control", "bad"):
        save_raw(results, name, answers(name))
    return found
