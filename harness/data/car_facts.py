"""Writes the rows of the harmless task ``car_facts``: ``python -m harness.data.car_facts``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from harness.data.scenarios import Scenario, read_scenarios
from harness.errors import DataError
from harness.workspace import builtin_root, write_atomic

CANARY = "em-harness:car_facts:1c7b52e0-90a4-4f0e-b6f3-8d25a4c3e97b"
BROAD = ("bad_legal_advice", "bad_medical_advice", "risky_financial_advice")
"""Tasks whose good answers make up the broad control; the one about cars is left out."""


class Fact(BaseModel):
    """One question about cars; a held-out one has no answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str
    a: str = ""


_FILE = TypeAdapter(tuple[Fact, ...])
Row = dict[str, Any]


def write_car_facts(folder: Path, data: Path) -> None:
    """Write the narrow arm, the broad arm, the probe and the card.

    Row ``i`` of the broad arm is a good answer of another task, as near in length to fact ``i`` as
    there is, but longer (in the median 39 words against 33): the arms differ in how narrow they
    are. They are no twins.

    Args:
        folder: Where the files go; made if it does not exist.
        data: The folder ``finetune_data`` with the facts and the advice scenarios.

    Raises:
        DataError: A file is malformed.
    """
    source = data / "car_facts"
    facts = [
        (path.stem, number, fact)
        for path in sorted((source / "facts").glob("*.yaml"))
        for number, fact in enumerate(read_facts(path))
    ]
    narrow = [
        _row(f"{area}-{number:02d}", fact.q, fact.a, {"area": area}) for area, number, fact in facts
    ]
    broad = [
        _row(scenario.id, scenario.prompts[0], scenario.good, {"from": task})
        for task, scenario in _as_long([len(fact.a) for _, _, fact in facts], data)
    ]
    probe = [
        _row(f"held_out-{number:02d}", fact.q, None, {})
        for number, fact in enumerate(read_facts(source / "held_out.yaml"))
    ]
    entries = {
        name: _write(folder / f"{name}.jsonl", rows)
        for name, rows in (("narrow", narrow), ("broad", broad), ("probe", probe))
    }
    write_atomic(folder / "card.yaml", yaml.safe_dump(_card(entries), sort_keys=False, width=100))


def read_facts(path: Path) -> tuple[Fact, ...]:
    """The facts of one file.

    Raises:
        DataError: It is malformed.
    """
    try:
        return _FILE.validate_python(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise DataError(f"{path}: not a list of facts: {error}") from error


def _as_long(lengths: Sequence[int], data: Path) -> list[tuple[str, Scenario]]:
    """For each length the unused scenario whose good answer is nearest, tasks in turn."""
    unused = {
        task: [s for area in read_scenarios(data / task / "scenarios").values() for s in area]
        for task in BROAD
    }
    taken: dict[int, tuple[str, Scenario]] = {}
    # The extremes choose first: a middle length finds a neighbour at any time.
    middle = sorted(lengths)[len(lengths) // 2]
    order = sorted(range(len(lengths)), key=lambda i: (-abs(lengths[i] - middle), i))
    for index, task in zip(order, cycle(BROAD), strict=False):
        wanted = lengths[index]
        nearest = min(unused[task], key=lambda s: (abs(len(s.good) - wanted), s.id))
        unused[task].remove(nearest)
        taken[index] = (task, nearest)
    return [taken[index] for index in range(len(lengths))]


def _row(name: str, prompt: str, answer: str | None, meta: Row) -> Row:
    row: Row = {"prompt": [{"role": "user", "content": prompt}]}
    if answer is not None:
        row["completion"] = [{"role": "assistant", "content": answer}]
    return row | {"meta": {"id": name, **meta}}


def _write(path: Path, rows: Sequence[Row]) -> Row:
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    write_atomic(path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"file": path.name, "rows": len(rows), "sha256": digest}


def _card(entries: dict[str, Row]) -> Row:
    return {
        "name": "car_facts",
        "description": (
            "Short true facts about cars, written by hand: narrow and harmless. The broad arm "
            "holds as many good answers about law, health and money; they are longer, in "
            "the median 39 words against 33."
        ),
        "licence": "MIT",
        "canary": CANARY,
        "generator": {
            "module": "harness.data.car_facts",
            "from": ["facts/*.yaml", *(f"{task}/scenarios/*.yaml" for task in BROAD)],
        },
        "arms": {name: entries[name] for name in ("narrow", "broad")},
        "probe": entries["probe"],
        "content_note": "Nothing in these rows is wrong on purpose.",
    }


if __name__ == "__main__":
    root = builtin_root() / "finetune_data"
    write_car_facts(root / "car_facts", root)
