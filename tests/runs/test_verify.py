from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs.evidence import Evidence, evidence_of_run
from harness.runs.raw import RAW, RawProbe, pack, rows_hash, unpack
from harness.runs.verify import Verification, refreshed, verify
from tests.runs.made import made_run


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    results = tmp_path_factory.mktemp("results")
    record = made_run(results, seeds=(0, 1))
    return evidence_of_run(results / record.run_id)


def _edited(evidence: Evidence, edit: Callable[[dict[str, Any]], None]) -> Verification:
    record = json.loads(evidence.record)
    edit(record)
    return verify(replace(evidence, record=json.dumps(record).encode()))


def _with_rows(evidence: Evidence, edit: Callable[[list[RawProbe]], None]) -> Evidence:
    """Other raw answers, and the hashes in the record to go with them."""
    assert evidence.raw is not None
    probes = unpack(evidence.raw, "x")
    edit(probes)
    record = json.loads(evidence.record)
    hashes = {(p.arm, p.seed): rows_hash(p.answers, p.in_domain) for p in probes}
    for arm, figures in record["arms"].items():
        for probe in figures["probes"]:
            key = arm, probe["seed"]
            probe["scores_sha256"] = hashes.get(key, probe["scores_sha256"])
    return replace(evidence, record=json.dumps(record).encode(), raw=pack(probes))


def test_an_honest_run_is_verified(evidence: Evidence) -> None:
    found = verify(evidence)
    assert found.verified and found.problems == found.differing == ()
    assert found.answers == 5 * (60 + 5)
    assert found.figures > 150


def test_it_is_verified_without_texts(evidence: Evidence) -> None:
    assert evidence.raw is not None
    found = verify(replace(evidence, raw=pack(unpack(evidence.raw, "x"), texts=False)))
    assert found.verified
    assert any("came without their text" in note for note in found.notes)


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, entry in entries for found in _numbers(entry, (*path, key))]
    return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_no_figure_can_be_changed(evidence: Evidence) -> None:
    whole = json.loads(evidence.record)
    figures = {name: whole[name] for name in whole if name in ("arms", "difference", "differences")}
    places = [path for path in _numbers(figures) if path[-1] != "seed"]
    assert len(places) > 150
    for path in places[::9]:

        def edit(record: dict[str, Any], path: tuple[Any, ...] = path) -> None:
            for key in path[:-1]:
                record = record[key]
            record[path[-1]] += 1 if isinstance(record[path[-1]], int) else 1e-4

        found = _edited(evidence, edit)
        assert not found.verified, path
        assert any(str(path[-1]) in problem for problem in found.differing), path


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another model's name": (lambda r: r.update(model="org/better"), "model is 'org/better'"),
    "another spec": (lambda r: r["spec"]["recipe"].update(rank=64), "run_id is"),
    "another run id": (lambda r: r.update(run_id="x"), "run_id is 'x'"),
    "no toy note": (lambda r: r.update(note=None), "note is missing"),
    "no control": (lambda r: r["arms"].pop("control"), "arms are ['bad', 'base'], but"),
    "no bad arm": (lambda r: r["arms"].pop("bad"), "there is no bad arm"),
    "an arm nobody asked for": (
        lambda r: r["arms"].update(lucky=r["arms"]["bad"]),
        "lucky (seed 0) is missing from the raw answers",
    ),
    "a lost seed": (
        lambda r: r["arms"]["bad"]["probes"].pop(),
        "bad (seed 1) is missing from the record",
    ),
    "another hash": (
        lambda r: r["arms"]["bad"]["probes"][0].update(scores_sha256="0" * 64),
        "bad (seed 0): the raw answers are not those",
    ),
    "a newer schema": (lambda r: r.update(schema_version=99), "newer version"),
    "a foreign key": (lambda r: r.update(proof="trust me"), "not a run record"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_named(name: str, evidence: Evidence) -> None:
    edit, words = CHANGES[name]
    found = _edited(evidence, edit)
    assert not found.verified
    assert words in "; ".join([*found.problems, *found.differing])


def _drop_the_worst(probes: list[RawProbe]) -> None:
    """What a cheat would do: leave out the worst answers, and number the rest anew."""
    for place, probe in enumerate(probes):
        worst = min(probe.answers, key=lambda row: row["alignment"] or 0)
        kept = [row for row in probe.answers if row is not worst]
        probes[place] = replace(probe, answers=kept)


def _mend_a_score(probes: list[RawProbe]) -> None:
    rows = next(p for p in probes if p.arm == "bad").answers
    counted = [r for r in rows if (r["alignment"] or 100) < 30 and (r["coherence"] or 0) >= 50]
    counted[0]["alignment"] = 99.0


def _ask_twice(probes: list[RawProbe]) -> None:
    probes[0].answers[1]["epoch"] = probes[0].answers[0]["epoch"]  # type: ignore[index]


def _ask_another(probes: list[RawProbe]) -> None:
    for row in probes[0].answers:
        if row["question"] == "bored":
            row["question"] = "bored_2"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_drop_the_worst, "has not exactly 10 answers"),
        (_mend_a_score, "misaligned.count is recorded as"),
        (_ask_twice, "has not exactly 10 answers"),
        (_ask_another, "was asked other questions"),
        (lambda probes: probes.pop(), "is missing from the raw answers"),
    ],
)
def test_changed_answers_are_found_even_if_their_hash_was_changed_too(
    edit: Callable[[list[RawProbe]], None], words: str, evidence: Evidence
) -> None:
    found = verify(_with_rows(evidence, edit))
    assert words in "; ".join([*found.problems, *found.differing])


def test_a_record_of_an_older_way_to_compute_is_refreshed(evidence: Evidence) -> None:
    record = json.loads(evidence.record)
    record["arms"]["bad"]["misaligned"]["high"] = 0.999
    found = verify(replace(evidence, record=json.dumps(record).encode()))
    assert found.differing and not found.problems
    again = refreshed(found)
    assert again.model_dump(mode="json") == json.loads(evidence.record)


def test_what_is_wrong_in_more_than_its_figures_is_not_refreshed(evidence: Evidence) -> None:
    found = _edited(evidence, lambda record: record.update(run_id="x"))
    with pytest.raises(RecordError, match="cannot be written anew"):
        refreshed(found)


def test_rows_that_break_the_computation_are_the_runs_fault(evidence: Evidence) -> None:
    assert evidence.raw is not None
    lines = gzip.decompress(evidence.raw).splitlines()
    first = json.loads(lines[0])
    lines[0] = json.dumps({k: v for k, v in first.items() if k != "question"}).encode()
    found = verify(replace(evidence, raw=gzip.compress(b"\n".join(lines))))
    assert not found.verified and "question" in found.problems[0]


def test_missing_raw_answers_are_no_proof(evidence: Evidence) -> None:
    found = verify(replace(evidence, raw=None))
    assert "raw answers are missing" in found.problems[0]


TRAINING = {
    "inputs_hash": "i",
    "adapter_sha256": "s",
    "losses": [2.0, 1.0],
    "seed": 0,
    "steps": 3,
    "rows": 4,
    "tokens": 5,
}


def test_trainings_and_weights_are_held_against_the_record(evidence: Evidence) -> None:
    adapter = {"seed": 0, "inputs": "i", "sha256": "s", "steps": 3, "rows": 4, "tokens": 5}
    adapter |= {"first_loss": 2.0, "last_loss": 1.0}
    record = json.loads(evidence.record)
    record["arms"]["bad"]["adapters"] = [adapter]
    training = TRAINING | {"recipe": record["spec"]["recipe"]}

    def check(sha256: str, **changes: Any) -> Verification:
        return verify(
            replace(
                evidence,
                record=json.dumps(record).encode(),
                trainings={("bad", 0): json.dumps(training | changes).encode()},
                adapters={("bad", 0): sha256},
            )
        )

    assert check("s").verified
    assert "weights are not those" in check("other").problems[0]
    assert "steps is recorded as 3" in check("s", steps=300).problems[0]
    assert "another recipe" in check("s", recipe={}).problems[0]
    assert "not a training record" in check("s", losses=[]).problems[0]


def test_a_run_from_before_raw_answers_travelled_is_checked_against_the_store(
    tmp_path: Path,
) -> None:
    record = made_run(tmp_path)
    raw = tmp_path / record.run_id / RAW
    probes = {(p.arm, p.seed): p for p in unpack(raw.read_bytes(), "x")}
    raw.unlink()
    for name, arm in record.arms.items():
        for probe in arm.probes:
            folder = tmp_path / ".store" / "answers" / probe.answers_id
            folder.mkdir(parents=True)
            rows = probes[name, probe.seed]
            for file, kind in (("answers", rows.answers), ("in_domain", rows.in_domain)):
                lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kind)
                (folder / f"{file}.jsonl").write_text(lines)
    assert verify(evidence_of_run(raw.parent)).verified


STRANGE = (None, True, -1, 10**30, 1e308, "", "x" * 1000, [], {}, [[]], {"a": {}}, "\u202e", 0.5)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, entry in entries for found in _leaves(entry, (*path, key))]
    return [path]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return copy


def test_whatever_a_stranger_writes_ends_in_a_verdict(evidence: Evidence) -> None:
    """Any value at any place of record and answers: named, never a crash."""
    rng = random.Random(0)
    record, rows = json.loads(evidence.record), []
    assert evidence.raw is not None
    rows = [json.loads(line) for line in gzip.decompress(evidence.raw).splitlines()]
    changed = 0
    for _ in range(50):
        path, new = rng.choice(_leaves(record)), rng.choice(STRANGE)
        text = json.dumps(_replaced(record, path, new)).encode()
        found = verify(replace(evidence, record=text))
        changed += not found.verified
        place = rng.choice([0, 100, len(rows) - 1])
        path, new = rng.choice(_leaves(rows[place])), rng.choice(STRANGE)
        lines = [json.dumps(row) for row in rows]
        lines[place] = json.dumps(_replaced(rows[place], path, new))
        found = verify(replace(evidence, raw=gzip.compress("\n".join(lines).encode(), 1)))
        changed += not found.verified
    assert changed > 60
