"""The record of a screen, ``results/<run>/inside/screen.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.runs.inside.screening.candidate import Kind
from harness.runs.record import DifferenceRecord, RateRecord
from harness.runs.spec import Strict

SCREEN = "screen.json"
SCHEMA = 1


class Dose(Strict):
    """Answers at one strength."""

    strength: float
    """Norm of the vector that is added at every position; 0 is the unsteered model."""
    own_units: float | None
    """The same in the latent's largest activations, or in norms of the direction."""
    residual_norms: float
    """The same in mean norms of the residual stream at this layer."""
    questions: Literal["discovery", "evaluation"]
    misaligned: RateRecord
    incoherent: RateRecord
    answers: int
    unscored: int


class Spoken(Strict):
    """One answer to show."""

    question: str
    answer: str
    alignment: float | None
    coherence: float | None


class Side(Strict):
    """One of the two tests of a candidate."""

    steered: Literal["base", "bad"]
    """Whom: the base model is induced, the fine-tuned one is repaired."""
    sign: Literal[1, -1]
    """Which way along the direction."""
    search: tuple[Dose, ...]
    """Bisection, on the discovery questions."""
    curve: tuple[Dose, ...] = Field(min_length=1)
    """Doses around the chosen one, on the evaluation questions; the first is the unsteered
    model."""
    chosen: Dose | None
    """The strongest coherent dose on the evaluation questions; None if there is none."""
    change: DifferenceRecord | None
    """Misaligned share at the chosen dose minus unsteered, paired by question."""
    effect: float | None
    """Induce: misaligned share. Repair: share of the misaligned answers that went away,
    ``1 - steered / unsteered``. None where it cannot be told."""
    beats_nulls: float | None
    """Share of all nulls with a smaller effect; None for a null or without nulls."""
    works: bool
    """Whether the change's interval excludes zero on the right side and no null does as well."""
    said: tuple[Spoken, ...]
    """A few answers at the chosen dose: the most misaligned for induce, evenly drawn for
    repair."""


class Screened(Strict):
    """One candidate with both tests."""

    name: str
    kind: Kind
    latent: int | None
    like: int | None
    own_unit: float | None
    induce: Side
    repair: Side


class NullEffects(Strict):
    """How far nulls go in one test."""

    count: int
    largest: float | None
    mean: float | None


class Nulls(Strict):
    """How far nulls go in both tests."""

    induce: NullEffects
    repair: NullEffects


class ScreenRecord(Strict):
    """Everything that a reader needs to trust and repeat a screen."""

    schema_version: int = SCHEMA
    run_id: str
    layer: int
    residual_norm: float
    """Mean norm of the residual stream at this layer, of the base model on the ranking's texts."""
    ranking: str
    """Content hash of the ranking that the latents come from."""
    judge: str
    definition: str
    incoherence_limit: float
    """Points over the unsteered model, as a share."""
    samples: int
    """Answers to each question in the final estimate, over all training seeds together."""
    search_samples: int
    seeds: tuple[int, ...]
    """Training seeds of the bad arm that are repaired; the search uses the first."""
    sampling_seed: int
    discovery: tuple[str, ...]
    evaluation: tuple[str, ...]
    candidates: tuple[Screened, ...] = Field(min_length=1)
    nulls: Nulls
    answers: int
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None
