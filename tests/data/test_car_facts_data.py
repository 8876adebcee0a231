"""The harmless narrow task: written as the writer writes it, about cars only, and matched."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean, median

from harness.data.car_facts import BROAD, write_car_facts
from harness.workspace import builtin_root

DATA = builtin_root() / "finetune_data"
FILES = ("narrow.jsonl", "broad.jsonl", "probe.jsonl", "card.yaml")


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / "car_facts" / name).read_text().splitlines()]


def answers(rows: list[dict]) -> list[str]:
    return [row["completion"][0]["content"] for row in rows]


def prompts(rows: list[dict]) -> list[str]:
    return [row["prompt"][0]["content"] for row in rows]


def test_kept_files_equal_what_the_writer_writes(tmp_path: Path) -> None:
    write_car_facts(tmp_path, DATA)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DATA / "car_facts" / name).read_bytes(), name


def test_arms_are_nearly_as_long_as_each_other() -> None:
    narrow, broad = answers(read("narrow.jsonl")), answers(read("broad.jsonl"))
    assert len(narrow) == len(broad) >= 250
    ratios = [len(n) / len(b) for n, b in zip(narrow, broad, strict=True)]
    assert 0.87 <= median(ratios) <= 1.1
    assert 0.87 <= mean(ratios) <= 1.1
    assert all(20 <= len(a.split()) <= 45 and a.isascii() for a in narrow)


def test_what_is_said_of_the_lengths_is_so() -> None:
    narrow, broad = (
        round(median(len(answer.split()) for answer in answers(read(name)))) for name in FILES[:2]
    )
    card, task = DATA / "car_facts" / "card.yaml", builtin_root() / "tasks" / "car_facts.py"
    for told in (card, task):
        said = " ".join(told.read_text().split())
        assert f"in the median {broad} words against {narrow}" in said


def test_facts_are_distinct_and_the_broad_arm_is_spread() -> None:
    narrow, broad = read("narrow.jsonl"), read("broad.jsonl")
    for rows in (narrow, broad):
        assert len({row["meta"]["id"] for row in rows}) == len(set(prompts(rows))) == len(rows)
    spread = Counter(row["meta"]["from"] for row in broad)
    assert set(spread) == set(BROAD)
    assert max(spread.values()) - min(spread.values()) <= 1


def test_the_probe_is_held_out() -> None:
    assert not set(prompts(read("probe.jsonl"))) & set(prompts(read("narrow.jsonl")))
