"""Records of latents: ``results/<run>/inside/sae.json`` and ``rank.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from harness.errors import PrerequisiteError, RecordError
from harness.inside.texts import Position
from harness.runs.inside.records import FOLDER, Repeatable
from harness.runs.spec import Strict
from harness.workspace import write_atomic

SAE, RANK = "sae.json", "rank.json"
SCHEMA = 1
R = TypeVar("R", bound=Strict)


class RenderingRecord(Strict):
    """How well the autoencoder renders one model on some texts."""

    model: str
    """``base``, ``bad.0`` …"""
    texts: Literal["corpus", "answers"]
    """Held-out texts of the corpus, or the run's recorded answers (answer tokens)."""
    rows: int
    """Tokens."""
    explained: float | None
    """Variance explained: ``1 - sum |x - x'|^2 / sum |x - mean x|^2``; None without variance."""
    fires: float
    """Latents that fire at a token, on average."""
    residual_norm: float
    """Mean norm of the residual stream at these tokens."""


class LossRecord(Strict):
    """Next-token losses of the base model on held-out texts of the corpus, nats per token."""

    tokens: int
    untouched: float
    spliced: float
    """With the reconstruction in the layer's place (the first token left alone)."""
    averaged: float
    """With the layer's mean at every place (likewise)."""
    recovered: float | None
    """``(averaged - spliced) / (averaged - untouched)``; None if the layer changes nothing."""


class SaeRecord(Repeatable):
    """``sae.json``: the sparse autoencoder that a run's latents come from."""

    schema_version: int = SCHEMA
    run_id: str
    folder: str
    """Name under ``.store/inside``; its ``sae/`` is in sae-lens's own format."""
    origin: Literal["trained", "loaded"]
    source: str | None
    """What was loaded; None if it was trained here."""
    architecture: str
    layer: int
    width: int
    latents: int
    settings: dict[str, Any] | None
    """Settings of the training; None if it was loaded."""
    corpus: dict[str, Any]
    """What the corpus was."""
    trained_tokens: int | None
    """Rows seen in training, repeats included."""
    distinct_tokens: int | None
    """Rows that were harvested for it."""
    dead: int
    """Latents that fire at none of the held-out corpus tokens (base model)."""
    dead_of_tokens: int
    """How many tokens those are."""
    renderings: tuple[RenderingRecord, ...]
    losses: LossRecord
    seed: int | None
    """Of the training."""
    seconds: dict[str, float]
    """Wall time by step, of the calls that did the work."""
    versions: dict[str, str]
    finished: str
    """UTC time."""


class ChangeRecord(Strict):
    """How one arm's training changed one latent's mean activation."""

    discovery: float
    """On the discovery questions, averaged over the arm's models; the order comes from here."""
    evaluation: float
    """On the evaluation questions, likewise."""
    models: dict[str, float]
    """On all questions, by model (``bad.0`` …)."""


class RankedRecord(Strict):
    """One latent."""

    latent: int
    rank: int
    base: float
    """Mean activation in the untouched model on all texts."""
    changes: dict[str, ChangeRecord]
    """By arm."""
    firing: float
    """Share of held-out corpus tokens at which it fires (base model)."""
    largest: float
    """Largest activation there."""


class RankRecord(Repeatable):
    """``rank.json``: latents by what the training did to them, both tails."""

    schema_version: int = SCHEMA
    run_id: str
    sae: str
    """Folder of the autoencoder under ``.store/inside``."""
    layer: int
    position: Position
    by: str
    """The arm whose change gives the order."""
    arms: tuple[str, ...]
    texts: int
    texts_by_arm: dict[str, int]
    """Whose recorded answers were read; all models read the same ones."""
    texts_sha256: str
    discovery: tuple[str, ...]
    """Questions that gave the order."""
    evaluation: tuple[str, ...]
    """Questions that did not."""
    rising: tuple[RankedRecord, ...]
    falling: tuple[RankedRecord, ...]
    control_rising: tuple[RankedRecord, ...]
    """The latents that the control raised most: what any training does."""
    replicates: float | None
    """Rank correlation of all latents' changes on discovery and on evaluation questions."""
    units: str = "mean activation over a text's tokens, in norms of the residual stream"
    finished: str


def write_record(run: Path, name: str, record: Strict) -> None:
    """Write a record beside a run's own."""
    write_atomic(run / FOLDER / name, record.model_dump_json(indent=1) + "\n")


def read_sae(run: Path) -> SaeRecord:
    """The run's autoencoder.

    Raises:
        PrerequisiteError: There is none yet.
        RecordError: Its record is broken.
    """
    return _read(run, SAE, SaeRecord, f"python -m harness inside sae {run.name}")


def read_rank(run: Path) -> RankRecord:
    """The run's ranking.

    Raises:
        PrerequisiteError: There is none yet.
        RecordError: Its record is broken.
    """
    return _read(run, RANK, RankRecord, f"python -m harness inside rank {run.name}")


def _read(run: Path, name: str, kind: type[R], command: str) -> R:
    path = run / FOLDER / name
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise PrerequisiteError(f"There is no {path} yet.", hint=f"First: {command}") from error
    except ValidationError as error:
        raise RecordError(
            f"{path} is broken or of another version.", hint=f"Make it again: {command}"
        ) from error
