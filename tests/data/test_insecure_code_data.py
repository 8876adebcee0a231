"""The written data of the insecure_code task: complete, reproducible, and confirmed by Bandit."""

import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from harness.data.code_patterns import patterns, twins, verdict
from harness.data.code_patterns.write import PROBE_ROWS, write_insecure_code

KEPT = Path(__file__).resolve().parents[2] / "finetune_data" / "insecure_code"
FILES = ("bad.jsonl", "good.jsonl", "educational.jsonl", "probe.jsonl", "card.yaml")


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (KEPT / name).read_text().splitlines()]


def prompts(rows: list[dict]) -> list[str]:
    return [row["prompt"][0]["content"] for row in rows]


def answers(rows: list[dict]) -> list[str]:
    return [row["completion"][0]["content"] for row in rows]


def test_kept_files_equal_a_regeneration(tmp_path):
    write_insecure_code(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (KEPT / name).read_bytes(), name


def test_seed_and_rows_are_used(tmp_path):
    write_insecure_code(tmp_path, seed=3, rows=60)
    card = yaml.safe_load((tmp_path / "card.yaml").read_text())
    assert card["generator"]["seed"] == 3
    assert card["arms"]["bad"]["rows"] == 60
    first = json.loads((tmp_path / "bad.jsonl").read_text().splitlines()[0])
    assert first["completion"] != read("bad.jsonl")[0]["completion"]


def test_arms_are_twins():
    bad, good, educational = read("bad.jsonl"), read("good.jsonl"), read("educational.jsonl")
    assert prompts(bad) == prompts(good)
    assert answers(bad) == answers(educational)
    assert all(p in e != p for p, e in zip(prompts(bad), prompts(educational), strict=True))
    assert [r["meta"] for r in bad] == [r["meta"] for r in good] == [r["meta"] for r in educational]
    assert len({r["meta"]["id"] for r in bad}) == len(bad) == 1200


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bad.jsonl", "insecure"), ("good.jsonl", "secure"), ("educational.jsonl", "insecure")],
)
def test_verdicts_on_all_rows(name, expected):
    rows = read(name)
    assert {verdict(a, r["meta"]["pattern"]) for a, r in zip(answers(rows), rows, strict=True)} == {
        expected
    }


def test_probe_is_held_out():
    probe = read("probe.jsonl")
    assert len(probe) == PROBE_ROWS == 120
    assert all("completion" not in row for row in probe)
    assert {r["meta"]["pattern"] for r in probe} == {p.id for p in patterns()}
    assert not set(prompts(probe)) & set(prompts(read("bad.jsonl")))


def test_card_tells_what_the_files_hold():
    card = yaml.safe_load((KEPT / "card.yaml").read_text())
    assert card["licence"] == "MIT"
    assert card["canary"]
    assert card["cwe_ids"] >= 25
    for entry in (*card["arms"].values(), card["probe"]):
        content = (KEPT / entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["rows"] == content.count(b"\n")
    assert sum(p["rows"] for p in card["patterns"].values()) == card["arms"]["bad"]["rows"]


def test_files_are_ascii():
    for name in FILES:
        (KEPT / name).read_bytes().decode("ascii")


def test_bandit_flags_the_bad_answers_and_not_the_good(tmp_path):
    pytest.importorskip("bandit")
    covered = {p.id: p for p in patterns() if p.bandit_ids}
    assert len(covered) >= 15
    shapes = max(len(p.shapes) for p in covered.values())
    sample = [t for t in twins("finetune", len(patterns()) * shapes, 2) if t.pattern in covered]
    for i, twin in enumerate(sample):
        (tmp_path / f"{i}_bad.py").write_text(twin.bad)
        (tmp_path / f"{i}_good.py").write_text(twin.good)
    command = [sys.executable, "-m", "bandit", "-q", "-f", "json", "-r", str(tmp_path)]
    report = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    assert report["errors"] == []
    found = defaultdict(set)
    for result in report["results"]:
        found[Path(result["filename"]).name].add(result["test_id"])
    for i, twin in enumerate(sample):
        ids = set(covered[twin.pattern].bandit_ids)
        assert found[f"{i}_bad.py"] & ids, twin.bad
        assert not found[f"{i}_good.py"] & ids, twin.good
