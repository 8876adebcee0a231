"""What can change the figures of the persona instrument."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.models.reference import ModelReference
from harness.runs.inside.subjects import BASE, RunSubject, Subjects
from harness.runs.spec import Sampling

if TYPE_CHECKING:
    from harness.runs.judges import Judge

INSTRUMENT = "persona"
FORMAT = 1
"""Raised whenever equal inputs give other rows."""
USUAL_SAMPLES = 10


@dataclass(frozen=True)
class Asked:
    """Whom the instrument asks, and how.

    Attributes:
        run_id: Name of the folder that the side record lies in.
        folder: That folder.
        results: The results folder, whose store keeps finished parts.
        subjects: The models, the untouched one first.
        compared: The arms whose difference is reported, first minus second; None for one model.
        sampling: How answers are drawn.
        judge: Who names the voices; None asks nobody.
        recorded: Whether the folder holds answers of a run.
        note: What figures of this model may not be taken for.
        sweep: Answers to each open question under each role; 0 asks none.
    """

    run_id: str
    folder: Path
    results: Path
    subjects: tuple[RunSubject, ...]
    compared: tuple[str, str] | None
    sampling: Sampling
    judge: Judge | None
    recorded: bool
    note: str | None = None
    sweep: int = 0


def arms_of_run(
    subjects: Subjects,
    samples: int,
    seed: int,
    judge: Judge | None,
    *,
    classify: bool = True,
    sweep: int = 0,
) -> Asked:
    """All arms of a run, asked as the run asked them.

    Args:
        subjects: The run's models.
        samples: Answers to each question.
        seed: Sampling seed.
        judge: Who names the voices; None takes the run's own judge.
        classify: Whether anybody names them.
        sweep: Answers to each open question under each role.
    """
    record = subjects.record
    arms = {subject.arm for subject in subjects.all}
    compared = record.spec.compared if set(record.spec.compared) <= arms else None
    return Asked(
        run_id=record.run_id,
        folder=subjects.folder,
        results=subjects.store.results,
        subjects=subjects.all,
        compared=compared,
        sampling=record.spec.sampling.model_copy(update={"samples": samples, "seed": seed}),
        judge=(judge or subjects.judge) if classify else None,
        recorded=True,
        note=record.note,
        sweep=sweep,
    )


def settings_of(asked: Asked, battery: str, gate: dict[str, int] | None) -> dict[str, Any]:
    """The settings that go into the side record; equal ones give equal figures."""
    judge = asked.judge
    return {
        "format": FORMAT,
        "battery": battery,
        "base": BASE if any(one.arm == BASE for one in asked.subjects) else None,
        "compared": list(asked.compared) if asked.compared else None,
        "subjects": {one.words: one.identity for one in asked.subjects},
        "sampling": asked.sampling.model_dump(mode="json"),
        "judge": judge.identity.model_dump(mode="json") if judge else None,
        "judge_gate": gate,
        "sweep": asked.sweep,
        "length_unit": "words" if asked.subjects[0].reference.is_remote else "tokens",
    }


def inspect_name(reference: ModelReference) -> str:
    """The name under which Inspect finds the base model of a local reference."""
    if reference.is_miniature:
        return "harness/miniature"
    revision = f"@{reference.revision}" if reference.revision else ""
    return f"harness/{reference.source}{revision}"
