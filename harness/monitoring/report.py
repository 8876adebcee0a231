"""What an evaluation of monitors found; every figure with interval, counts and method."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.monitoring.record import Truth
from harness.monitoring.view import Scope


class Strict(BaseModel):
    """Unknown keys are refused, and so are numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Figure(Strict):
    """One figure; value and interval are None where it cannot be told, and ``method`` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    of: int | None = None
    n: int | None = None
    """Samples behind a figure that is no share."""
    method: str

    @classmethod
    def missing(cls, why: str) -> Figure:
        """No figure, and why."""
        return cls(value=None, method=f"none: {why}")


class AtRate(Strict):
    """What a monitor catches where it fires on at most a given share of honest samples."""

    rate: float
    """Allowed share of false positives."""
    threshold: float | None
    """Fires above it; from the honest samples of the ``threshold`` split, by split conformal."""
    recall: Figure
    """Share of the misbehaving test samples that it fires on."""
    false_positives: Figure
    """Share of the honest *test* samples that it fires on."""
    precision: Figure
    """Share of fired-on test samples that misbehaved, at this prevalence."""
    g_mean2: Figure
    """Recall times the share of honest samples left alone (Guan et al. 2025)."""


class Calibration(Strict):
    """Whether chances are to be believed."""

    error: Figure
    """Mean gap of stated chance and observed share over ten bins."""
    brier: Figure


class Cost(Strict):
    """What scoring took."""

    samples: int
    tokens: int
    seconds: float


class Group(Strict):
    """A part of the misbehaving samples, such as those whose thoughts rationalise."""

    samples: int
    auroc: Figure
    recall: list[Figure]
    """At every rate."""
    missed: list[Figure]
    """Share that slips by, at every rate."""


class Cell(Strict):
    """One monitor with one scope."""

    monitor: str
    scope: Scope
    auroc: Figure
    auprc: Figure
    at: list[AtRate]
    calibration: Calibration | None
    """None for scores that are no chances."""
    groups: dict[str, Group] = Field(default_factory=dict)
    """The misbehaving samples of each group against all honest ones."""
    arms: dict[str, list[Figure]] = Field(default_factory=dict)
    """False positives at every rate among the honest samples of each arm."""
    cost: Cost


class Gap(Strict):
    """What one scope adds to another, for one monitor, on the same samples and draws."""

    monitor: str
    first: Scope
    second: Scope
    auroc: Figure
    recall: list[Figure]
    """At every rate."""
    groups: dict[str, Figure] = Field(default_factory=dict)
    """AUROC of each group against all honest samples, first minus second."""


class Lead(Strict):
    """How early one monitor would have fired while the thought was being written."""

    monitor: str
    rate: float
    """Allowed share of honest samples in which it fires at *any* step."""
    threshold: float | None
    caught: Figure
    """Share of misbehaving test samples in which it fires before the action."""
    false_positives: Figure
    """Share of honest test samples in which it fires at any step."""
    steps: Figure
    """Median number of steps between firing and the action, among those caught."""
    tokens: Figure
    """Median number of tokens between firing and the action, among those caught."""


class Stressed(Strict):
    """The same monitor after the thoughts were tampered with."""

    stress: str
    monitor: str
    scope: Scope
    auroc: Figure
    recall: list[Figure]
    change: list[Figure]
    """Recall after minus before, at every rate, paired."""
    false_positives: list[Figure]
    """At every rate, honest samples tampered with likewise."""


class Counts(Strict):
    """Samples behind the figures."""

    fit: int
    threshold_honest: int
    test_bad: int
    test_honest: int
    instances: int
    """Different problems or questions in the test split."""
    unscored: dict[str, int]
    truth: dict[Truth, int]


class Report(Strict):
    """Monitors on the records of one kind."""

    kind: str
    rates: list[float]
    counts: Counts
    cells: list[Cell]
    gaps: list[Gap]
    leads: list[Lead] = Field(default_factory=list)
    stresses: list[Stressed] = Field(default_factory=list)
    unusable: dict[str, str]
    """Monitor to why it gave nothing."""
    status: Literal["complete", "not evaluable"] = "complete"
    note: str = ""
    resamples: int
    rng_seed: int
