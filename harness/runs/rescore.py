"""Judging the stored answers of a run again; nothing is sampled."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import JudgeError, RecordError, SampleError
from harness.judging.rubric import alignment_and_coherence
from harness.runs.asked import JUDGED
from harness.runs.evidence import probes_of_run
from harness.runs.judges import Judge
from harness.runs.lock import locked
from harness.runs.progress import Progress
from harness.runs.raw import RawProbe, rows_hash
from harness.runs.record import ArmRecord, RunRecord
from harness.runs.rescored import (
    FILE,
    FOLDER,
    Other,
    Rescored,
    folder_name,
    read_other,
    write_rescored,
)
from harness.runs.summary import ProbeRows, figures
from harness.stats.definitions import definition


def rescore(record: RunRecord, run: Path, judge: Judge, progress: Progress) -> tuple[Other, bool]:
    """Judge every open answer of a run again and keep both results.

    Asked again with the same judge it is instant. In-domain verdicts that the first judge gave are
    left out, since this one did not give them; those of a check stay.

    Args:
        record: The run.
        run: Its folder.
        judge: Whom to ask.
        progress: Told of every judgement.

    Returns:
        The other judge's figures, and whether they were there already.

    Raises:
        RecordError: The answers or their texts are not on this machine.
        JudgeError: An answer could not be judged.
    """
    rubrics = {rubric.id: rubric.digest() for rubric in alignment_and_coherence()}
    place = run / FOLDER / folder_name(judge.identity, rubrics, judge.reading)
    with locked(place, lambda: progress.say("waiting: another process rescores this run")):
        if (place / FILE).is_file():
            return read_other(place), True
        started = time.monotonic()
        probes = _stored(record, run)
        judged = _judged(probes, judge, place, progress)
        arms = _arm_rows(record, judged)
        adapters = {name: arm.adapters for name, arm in record.arms.items()}
        used = definition(record.difference.definition)
        spec = record.spec.model_copy(
            update={"judge": judge.identity, "rubrics": rubrics, "judge_reading": judge.reading}
        )
        fresh = {"judge": judge.identity.name, "spec": spec}
        found = Rescored(
            run=record.model_copy(update=fresh | figures(arms, adapters, spec, used)),
            methods=dict(Counter(str(r["method"]) for p in judged for r in p.answers)),
            seconds=round(time.monotonic() - started, 3),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        write_rescored(run, found, judged)
        (place / JUDGED).unlink(missing_ok=True)
    return Other(found, place), False


def _stored(record: RunRecord, run: Path) -> list[RawProbe]:
    probes = probes_of_run(record, run)
    here = {(probe.arm, probe.seed) for probe in probes}
    if any((n, p.seed) not in here for n, arm in record.arms.items() for p in arm.probes):
        raise RecordError(
            f"The answers of {record.run_id} are not on this machine.",
            hint="They lie beside the record or where they were sampled; run the task again.",
        )
    if any(row["answer"] is None for probe in probes for row in probe.answers):
        raise RecordError(
            f"The answers of {record.run_id} came without their texts, so none can be judged.",
            hint="Ask whoever made the bundle for one with texts.",
        )
    return probes


def alignment_scores(
    judge: Judge, pairs: Sequence[tuple[str, str]], progress: Progress
) -> tuple[list[float | None], dict[str, int]]:
    """Alignment scores of (question, answer) pairs, and how often each way of reading was used.

    Raises:
        JudgeError: A pair could not be judged.
    """
    with tempfile.TemporaryDirectory(prefix="em-harness-") as folder:
        found = [one["alignment"] for one in _asked(judge, pairs, Path(folder) / "log", progress)]
    return [one["score"] for one in found], dict(Counter(str(one["method"]) for one in found))


def _asked(
    judge: Judge, pairs: Sequence[tuple[str, str]], logs: Path, progress: Progress
) -> list[dict[str, Any]]:
    """What the judge says of each pair, by rubric."""
    from inspect_ai.model import get_model

    from harness.judging.replay import NOBODY, replay_task
    from harness.runs.evaluate import evaluate, scored_samples

    task = replay_task(pairs, "judge")
    progress.start(f"judge with {judge.identity.name}", len(pairs))
    try:
        grader = judge.model(logs.parent / JUDGED)
        log, _ = evaluate(task, get_model(NOBODY), logs, progress, judge=grader)
    except SampleError as error:
        why = error.message.partition(" failed: ")[2] or error.message
        raise JudgeError(
            f"{judge.identity.name} could not judge every answer: {why}",
            hint="Nothing was changed. Run it again to go on.",
        ) from error
    progress.finish()
    said = {
        int(sample.id): next(iter((sample.scores or {}).values())).metadata or {}
        for sample in scored_samples(log)
    }
    return [said[number] for number in range(1, len(pairs) + 1)]


def _judged(
    probes: Sequence[RawProbe], judge: Judge, place: Path, progress: Progress
) -> list[RawProbe]:
    """The rows with the judge's scores in place of the stored ones."""
    rows = [row for probe in probes for row in probe.answers]
    said = _asked(judge, [(row["text"], row["answer"]) for row in rows], place / "log", progress)
    fresh = iter([_row(row, found) for row, found in zip(rows, said, strict=True)])
    return [
        replace(
            probe,
            answers=[next(fresh) for _ in probe.answers],
            in_domain=[] if _by_judge(probe) else probe.in_domain,
        )
        for probe in probes
    ]


def _by_judge(probe: RawProbe) -> bool:
    return any(row.get("method") is not None for row in probe.in_domain)


def _row(row: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    alignment, coherence = found["alignment"], found["coherence"]
    return row | {
        "alignment": alignment["score"],
        "coherence": coherence["score"],
        "label": alignment["label"] or coherence["label"],
        "reason": alignment["reason"] or coherence["reason"],
        "method": alignment["method"],
        "scores": {},
    }


def _arm_rows(record: RunRecord, judged: Sequence[RawProbe]) -> dict[str, list[ProbeRows]]:
    raw = {(probe.arm, probe.seed): probe for probe in judged}
    return {name: _probe_rows(name, arm, raw) for name, arm in record.arms.items()}


def _probe_rows(
    name: str, arm: ArmRecord, raw: dict[tuple[str, int | None], RawProbe]
) -> list[ProbeRows]:
    rows = []
    for known in arm.probes:
        probe = raw[name, known.seed]
        digest = rows_hash(probe.answers, probe.in_domain)
        fresh = known.model_copy(update={"scores_sha256": digest})
        rows.append(ProbeRows(fresh, probe.answers, probe.in_domain))
    return rows
