"""The record ``results/<run>/inside/elsewhere.json``."""

from __future__ import annotations

from pydantic import Field

from harness.runs.inside.records import Repeatable
from harness.runs.inside.screening.candidate import Kind
from harness.runs.spec import Strict

ELSEWHERE = "elsewhere.json"
SCHEMA = 1


class OtherModel(Strict):
    """A trained model of a run that was not used to pick anything."""

    run_id: str
    task: str
    arm: str
    seed: int
    bad: bool
    """Whether it is misaligned: the bad arm of a run whose bad arm clearly exceeds its control."""


class Told(Strict):
    """How well one candidate's shift tells misaligned models from benign ones."""

    name: str
    kind: Kind
    latent: int | None
    shifts: tuple[float, ...]
    """Mean activation, or mean position along a direction, over the base model's, in the order of
    ``models``."""
    auroc: float | None = Field(ge=0, le=1)
    """Chance that a misaligned model is shifted further (the way the candidate was moved) than a
    benign one, ties half; None without both."""


class ElsewhereRecord(Repeatable):
    """Everything that a reader needs to trust and repeat it."""

    schema_version: int = SCHEMA
    run_id: str
    """The run whose candidates these are; its own models are not among those below."""
    layer: int
    models: tuple[OtherModel, ...]
    texts: int
    """Answers that every model read: to this run's evaluation questions."""
    candidates: tuple[Told, ...]
    left_out: tuple[str, ...]
    """Runs whose models are not here, and why."""
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None
