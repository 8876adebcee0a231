"""The record of a run's drift, ``results/<run>/inside/drift.json``."""

from __future__ import annotations

from harness.runs.spec import Strict

DRIFT = "drift.json"
SCHEMA = 1


class Divergence(Strict):
    """``KL(base || fine-tuned)`` of the next token on neutral text, of one model."""

    arm: str
    seed: int | None
    nats: float
    """Mean over texts of the mean over their tokens, nats a token."""
    low: float | None
    high: float | None
    """95 % t interval over texts; None for a single text."""
    texts: int


class DriftRecord(Strict):
    """What fine-tuning moved on neutral text, beside what it moved in the control arm."""

    schema_version: int = SCHEMA
    run_id: str
    inputs: str
    texts: str
    """Where the neutral text came from."""
    texts_sha256: str
    divergence: tuple[Divergence, ...]
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None
