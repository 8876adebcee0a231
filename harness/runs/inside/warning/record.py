"""The record of an early-warning study, ``results/<run>/inside/warn.json``."""

from __future__ import annotations

from typing import Literal

from harness.runs.inside.records import Repeatable
from harness.runs.spec import Strict

WARN = "warn.json"
SCHEMA = 1
Family = Literal["behaviour", "latent", "direction", "baseline"]
"""What a signal is: the misaligned share itself; a latent or a direction of the study; or a simple
drift, which the study must beat."""


class ModelValue(Strict):
    """A signal's value for one trained model."""

    dose: float
    """Share of bad rows that the bad model of this run was trained on."""
    run_id: str
    arm: Literal["bad", "control"]
    seed: int
    value: float | None
    """None where it could not be measured."""


class DoseTest(Strict):
    """Bad models against the control's at one dose; None where there are too few."""

    dose: float
    bad: int
    control: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    auroc: float | None


class Signal(Strict):
    """One thing that might tell a bad training."""

    name: str
    family: Family
    unit: str
    definition: str
    values: tuple[ModelValue, ...]
    tests: tuple[DoseTest, ...]
    first: float | None
    """Smallest dose from which on every larger one differs; None if not even the largest does."""


class WarnRecord(Repeatable):
    """Everything that a reader needs to trust and repeat it."""

    schema_version: int = SCHEMA
    run_id: str
    """The run whose latents and directions are watched; they were found at its own dose."""
    found_at: float
    runs: dict[str, float]
    """Run to dose, the study's own run included."""
    layer: int | None
    texts: int
    """Texts that all models read: recorded answers to the evaluation questions."""
    neutral_texts: int
    alpha: float
    signals: tuple[Signal, ...]
    earlier: tuple[str, ...]
    """Signals from inside whose first dose lies below the behaviour's."""
    beaten: bool | None
    """Whether the best of them also lies below every baseline's; None without any."""
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None
