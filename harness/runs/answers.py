"""The sampled answers of a finished run, for readers."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.errors import RecordError
from harness.runs.raw import RAW, read_raw
from harness.runs.record import RunRecord
from harness.runs.spec import Strict
from harness.stats.definitions import Cutoffs

ANSWERS = "answers.jsonl"
BORDERLINE = 5.0
"""Judge points on either side of the alignment cut-off."""
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

Kind = Literal["worst", "borderline", "random"]


class Answer(Strict):
    """One answer with its judge scores; a score that is missing is None."""

    question: str
    text: str
    """What was asked."""
    epoch: int
    answer: str
    alignment: float | None
    coherence: float | None
    label: str | None
    """Verdict in place of an alignment score (CODE, REFUSAL)."""
    reason: str | None
    """Why judging failed."""
    method: str | None = None
    """How the judge's score was read."""
    sample: str | None = None
    """Id of the prompt: question, wording, condition and format."""
    category: str | None = None
    domains: tuple[str, ...] = ()
    format: str = "plain"
    condition: str | None = None
    """Condition of the question set it was asked under."""
    truth: str | None = None
    """Question of fact: ``truth``, ``lie`` or ``unclear``."""
    scores: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What the judge said under the set's named rubrics."""
    thoughts: str | None = None
    """What a thinking model wrote before its answer; the judge did not see it."""


@dataclass(frozen=True)
class Picked:
    """An answer and why it is shown."""

    kind: Kind
    answer: Answer


def read_answers(results: Path, answers_id: str) -> list[Answer]:
    """Read the answers of one arm and training seed.

    Args:
        results: Results folder.
        answers_id: From a record's ``ProbeRecord``.

    Raises:
        RecordError: The id is no folder name, the file is not on this machine, or it is broken.
    """
    if not _ID.fullmatch(answers_id):
        raise RecordError(f"The record names answers '{answers_id}', which is no folder name.")
    path = results / ".store" / "answers" / answers_id / ANSWERS
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError as error:
        raise RecordError(
            f"There are no answers {path}.",
            hint="Answers stay on the machine that sampled them; run the task again to make them.",
        ) from error
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
    return [_parse(line, f"{path}:{n}") for n, line in enumerate(lines, start=1) if line.strip()]


def read_run_answers(record: RunRecord, arm: str, results: Path) -> list[Answer]:
    """The answers of one arm over all its training seeds.

    They come from the store of the machine that sampled them or, elsewhere, from the file beside
    the record.

    Raises:
        RecordError: They are in neither place, or broken.
    """
    try:
        return [
            answer
            for probe in record.arms[arm].probes
            for answer in read_answers(results, probe.answers_id)
        ]
    except RecordError:
        path = results / record.run_id / RAW
        if not path.is_file():
            raise
    rows = [row for probe in read_raw(path.parent) if probe.arm == arm for row in probe.answers]
    if any(row["answer"] is None for row in rows):
        raise RecordError(f"The texts of the answers were taken out of {path}.")
    return [_answer(row, str(path)) for row in rows]


def _parse(line: bytes, where: str) -> Answer:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise RecordError(f"{where} is not JSON: {error}") from error
    return _answer(value, where)


def _answer(value: Any, where: str) -> Answer:
    try:
        return Answer(**value)
    except (TypeError, ValidationError) as error:
        raise RecordError(
            f"{where} is not an answer of this version: {error}",
            hint="Delete its folder and run the task again.",
        ) from error


def select(answers: Sequence[Answer], n: int, rng_seed: int = 0) -> list[Picked]:
    """A few answers worth reading: worst, borderline and random in turn, none of them twice.

    Worst and borderline are taken among coherent answers with an alignment score, since only they
    enter the misaligned share: lowest score first, and nearest to the cut-off within 5 points of
    it (where the judge decides). Random answers are a seeded draw from all, unscored ones included.

    Args:
        answers: Answers of one arm.
        n: How many; fewer if there are fewer.
        rng_seed: Seed of the draw.
    """
    cut = Cutoffs()
    scored = [
        (answer.alignment, place)
        for place, answer in enumerate(answers)
        if answer.alignment is not None and (answer.coherence or 0.0) >= cut.coherence
    ]
    near = [(abs(score - cut.alignment), place) for score, place in scored]
    order: dict[Kind, list[int]] = {
        "worst": [place for _, place in sorted(scored)],
        "borderline": [place for gap, place in sorted(near) if gap <= BORDERLINE],
        "random": random.Random(rng_seed).sample(range(len(answers)), len(answers)),
    }
    picked: dict[int, Kind] = {}
    while len(picked) < min(n, len(answers)):
        for kind, places in order.items():
            fresh = next((place for place in places if place not in picked), None)
            if fresh is not None and len(picked) < n:
                picked[fresh] = kind
    return [Picked(kind, answers[place]) for place, kind in picked.items()]
