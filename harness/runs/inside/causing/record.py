"""Records of ablation, steering and transfer: ``results/<run>/inside/<verb>.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.runs.inside.causing.intervention import How
from harness.runs.record import DifferenceRecord, RateRecord
from harness.runs.spec import Strict

ABLATE, STEER, TRANSFER = "ablate.json", "steer.json", "transfer.json"
SCHEMA = 1

Verb = Literal["ablate", "steer", "transfer"]
Null = Literal["random", "shuffled", "control_drift"]
"""A random direction of the same norm, a difference of means with shuffled labels, the control
arm's drift."""


class Spoken(Strict):
    """One answer to show."""

    question: str
    answer: str
    alignment: float | None
    coherence: float | None


class Condition(Strict):
    """Answers to the evaluation questions in one condition, all training seeds together."""

    name: str
    direction: str | None
    """Which direction; None for the unedited model."""
    how: How | None
    layers: tuple[int, ...]
    """Edited layers, from 0."""
    null: Null | None = None
    draw: int | None = None
    """Seed of a null's draw; None for a null without, and for all draws together."""
    of_direction: float | None = None
    """Steering: strength in norms of the direction."""
    of_residual: float | None = None
    """Steering: norm of what is added, in mean norms of the residual stream there; over several
    layers, the mean of both."""
    misaligned: RateRecord
    coherent: RateRecord
    answers: int
    unscored: int
    change: DifferenceRecord | None
    """Misaligned share minus that of the unedited model, paired by question; None for itself."""
    removed: float | None
    """Share of the misaligned answers that went away, ``1 - rate / unedited rate``."""
    coherence_change: float | None
    """Coherent share minus that of the unedited model."""
    said: tuple[Spoken, ...] = ()
    """A few answers."""


class CausalRecord(Strict):
    """What was done to a run's models, and what they answered."""

    schema_version: int = SCHEMA
    run_id: str
    verb: Verb
    inputs: str
    """Content hash of the directions and settings."""
    directions: str
    """Content hash of the run's own directions alone."""
    edited: str
    """Arm whose models were edited: ``base`` for steering."""
    definition: str
    judge: str
    samples: int
    """Answers to each question from each model."""
    seeds: tuple[int, ...]
    """Training seeds of the edited models; empty for the base model."""
    sampling_seed: int
    evaluation: tuple[str, ...]
    """Questions of the figures; none of them found a direction."""
    conditions: tuple[Condition, ...]
    chosen: str | None = None
    """Steering: the condition chosen by the discovery questions alone."""
    incoherence_limit: float | None = None
    """Steering: loss of coherent answers that a chosen strength may have, as a share."""
    cosines: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)
    """Transfer: by pair of directions' names, cosine by layer."""
    sources: tuple[str, ...] = ()
    """Transfer: runs the other directions come from."""
    missing: dict[str, str] = Field(default_factory=dict)
    """What could not be done, and why."""
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None

    def condition(self, name: str) -> Condition | None:
        """The condition of that name."""
        return next((one for one in self.conditions if one.name == name), None)
