"""Whether a run's parts belong together: names, arms, seeds, prompts, hashes, trainings.

Every check yields one sentence for each thing that is wrong.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.runs.evidence import Evidence
from harness.runs.raw import RawProbe, rows_hash
from harness.runs.record import AdapterRecord, RunRecord

IMPORTED = "imported"


def identity(record: RunRecord, folder: str) -> Iterator[str]:
    """Whether the record is of the run that its names say."""
    spec = record.spec
    named = {
        "run_id": (record.run_id, spec.run_id),
        "folder": (folder, record.run_id),
        "task": (record.task, spec.task),
        "model": (record.model, spec.model.name),
        "judge": (record.judge, spec.judge.name),
    }
    for name, (written, meant) in named.items():
        if written != meant:
            yield f"{name} is '{written}', but the rest of the record makes it '{meant}'"
    found, wanted = set(record.arms), set(spec.asked)
    if record.status == IMPORTED:
        wanted = set(spec.arms) | (found & {"base"})
    if record.status != "partial" and found != wanted:
        yield f"arms are {sorted(found)}, but {sorted(wanted)} were asked for"
    if spec.compared[0] not in record.arms:
        yield f"there is no {spec.compared[0]} arm"
    if spec.model.name == "miniature" and record.note is None:
        yield "note is missing: numbers of the miniature must say that they are of a toy"


def complete(record: RunRecord, probes: Sequence[RawProbe]) -> Iterator[str]:
    """Whether the raw answers are those of the arms and seeds, each prompt asked as often."""
    recorded = {(name, p.seed) for name, arm in record.arms.items() for p in arm.probes}
    found = {(probe.arm, probe.seed) for probe in probes}
    for arm, seed in sorted(recorded ^ found, key=str):
        side = "raw answers" if (arm, seed) in recorded else "record"
        yield f"{_name(arm, seed)} is missing from the {side}"
    if record.status == IMPORTED:
        return  # a stranger's file may be ragged, and says itself what it holds
    for name, arm_record in record.arms.items():
        seeds = tuple(probe.seed for probe in arm_record.probes)
        wanted: tuple[int | None, ...] = (
            record.spec.seeds if name.partition("+")[0] in record.spec.arms else (None,)
        )
        if record.status != "partial" and seeds != wanted:
            yield f"{name} was asked with training seeds {seeds}, not {wanted}"
    asked = [_asked(probe.answers) for probe in probes]
    for probe, epochs in zip(probes, asked, strict=True):
        wrong = [
            prompt
            for prompt, numbers in epochs.items()
            if sorted(numbers) != list(range(1, record.spec.sampling.samples + 1))
        ]
        if wrong:
            yield (
                f"{_name(probe.arm, probe.seed)}: '{wrong[0]}' has not exactly "
                f"{record.spec.sampling.samples} answers, numbered from 1"
            )
        if epochs.keys() != asked[0].keys():
            yield f"{_name(probe.arm, probe.seed)} was asked other questions than the first arm"


def _asked(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Epochs of every prompt; a prompt is its sample id where questions have several wordings."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        found[str(row.get("sample") or row["question"])].append(row["epoch"])
    return found


def scores(record: RunRecord, probes: Sequence[RawProbe]) -> Iterator[str]:
    """Whether the rows are the ones the record was made from, and make sense."""
    hashes = {(n, p.seed): p.scores_sha256 for n, arm in record.arms.items() for p in arm.probes}
    below = record.spec.in_domain.bad_below if record.spec.in_domain else None
    for probe in probes:
        name = _name(probe.arm, probe.seed)
        if rows_hash(probe.answers, probe.in_domain) != hashes.get((probe.arm, probe.seed)):
            yield f"{name}: the raw answers are not those whose hash is in the record"
        for row in probe.in_domain:
            rated = row.get("score")
            if below is None or rated is None:
                continue
            if not isinstance(rated, int | float) or row["bad"] != (rated < below):
                yield f"{name}: in-domain '{row['question']}' is rated {rated} and bad {row['bad']}"
                break


def trainings(record: RunRecord, evidence: Evidence) -> Iterator[str]:
    """Whether the adapters and training records that are here are the ones of the record."""
    for arm, figures in record.arms.items():
        for adapter in figures.adapters:
            key, name = (arm, adapter.seed), _name(arm, adapter.seed)
            if evidence.adapters.get(key, adapter.sha256) != adapter.sha256:
                yield f"{name}: the adapter's weights are not those whose hash is in the record"
            if key in evidence.trainings:
                for problem in _training(adapter, record, evidence.trainings[key]):
                    yield f"{name}: {problem}"


def _training(adapter: AdapterRecord, record: RunRecord, content: bytes) -> Iterator[str]:
    try:
        training = json.loads(content)
        found = {
            "inputs": training["inputs_hash"],
            "sha256": training["adapter_sha256"],
            "first_loss": training["losses"][0],
            "last_loss": training["losses"][-1],
        } | {name: training[name] for name in ("seed", "steps", "rows", "tokens")}
        recipe = training["recipe"]
    except (ValueError, TypeError, LookupError, RecursionError):
        yield "training.json is not a training record"
        return
    for name, value in found.items():
        recorded = getattr(adapter, name)
        if recorded != value:
            yield f"{name} is recorded as {recorded}, but training.json has {value!r:.80}"
    stated = record.spec.recipe
    if stated is None or recipe != stated.model_dump(mode="json"):
        yield "trained with another recipe than the record states"


def _name(arm: str, seed: int | None) -> str:
    return arm if seed is None else f"{arm} (seed {seed})"
