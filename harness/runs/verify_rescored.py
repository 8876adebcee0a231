"""Checking what another judge made of a run's answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.errors import RecordError
from harness.runs.comparison import Comparison
from harness.runs.consistency import complete, scores
from harness.runs.raw import RawProbe, Row, text_hash
from harness.runs.record import RunRecord
from harness.runs.rescored import Other
from harness.runs.verify import recomputed_figures

OF_THE_JUDGE: dict[str, Any] = {"judge": None, "rubrics": {}, "judge_reading": None}
"""All that may differ in the specification of a rescored run."""


def rescored_problems(first: RunRecord, answers: Sequence[RawProbe], other: Other) -> list[str]:
    """What is wrong with a rescored run: other answers, another specification, other figures.

    Args:
        first: The record of the run's own judge.
        answers: Its raw answers.
        other: What the other judge made of them.
    """
    found = other.figures.run
    lead = f"rescored by {found.judge}"
    try:
        probes = other.raw()
    except RecordError as error:
        return [f"{lead}: {error.message}"]
    problems = []
    same = [record.spec.model_copy(update=OF_THE_JUDGE) for record in (first, found)]
    if found.run_id != first.run_id or same[0] != same[1]:
        problems.append("it is of a run with another specification")
    if _texts(probes) != _texts(answers):
        problems.append("its answers are not those of the run")
    problems += complete(found, probes)
    problems += scores(found, probes)
    if not problems:
        comparison = Comparison()
        try:
            for name, value in recomputed_figures(found, probes).items():
                comparison.compare(name, getattr(found, name), value)
        except Exception as error:  # the rows are a stranger's; what they break is their fault
            problems.append(f"the figures cannot be computed: {type(error).__name__}: {error}")
        problems += comparison.problems
    return [f"{lead}: {problem}" for problem in problems]


def _texts(probes: Sequence[RawProbe]) -> dict[tuple[str, int | None], list[tuple[str, int, str]]]:
    return {(p.arm, p.seed): sorted(_identity(row) for row in p.answers) for p in probes}


def _identity(row: Row) -> tuple[str, int, str]:
    """Prompt, number and hash of an answer, whether its text is here or not."""
    answer = row["answer"]
    digest = row["answer_sha256"] if answer is None else text_hash(answer)
    return str(row.get("sample") or row["question"]), row["epoch"], digest
