"""The record of labels, ``results/<run>/inside/label.json``."""

from __future__ import annotations

from typing import Literal

from harness.runs.inside.records import Repeatable
from harness.runs.spec import Strict

LABEL = "label.json"
SCHEMA = 1
CLEAR = 0.95
"""AUROC from which on a latent is said to tell a label."""


class ContextRecord(Strict):
    """One text in which a latent fires, around its strongest token. Text of a corpus: hostile."""

    before: str
    token: str
    after: str
    activation: float


class TokenRecord(Strict):
    """One token with a figure."""

    token: str
    value: float


class NearRecord(Strict):
    """A direction of the run and its cosine with the latent's."""

    direction: str
    cosine: float


class DetectionRecord(Strict):
    """Can a reader who knows only the label tell where the latent fires, on texts new to it?"""

    share: float | None
    """Mean of the share of firing texts said to fire and of silent ones said to be silent; 0.5 is
    chance. None where too few texts fire or could be read."""
    firing_right: int
    firing_of: int
    silent_right: int
    silent_of: int
    unread: int
    """Replies that were no yes or no; counted in neither."""


class LabelledRecord(Strict):
    """One latent: label, evidence, score."""

    latent: int
    tail: Literal["rising", "falling"]
    rank: int
    label: str | None
    """What the labeller wrote; None without one. A description of texts, no claim about what the
    model is. Written by a model: hostile."""
    score: DetectionRecord | None
    """How well the label predicts; None without a labeller."""
    fires_in: int
    """Texts of the corpus in which it fires."""
    contexts: tuple[ContextRecord, ...]
    """Where it fires most strongly, one context a text."""
    fires_at: tuple[TokenRecord, ...]
    """Tokens at which it fires oftener than their frequency explains: z-score of the log-odds."""
    promotes: tuple[TokenRecord, ...]
    """Tokens that its direction, read as a residual, makes likeliest: log-probability, nats."""
    nearest: tuple[NearRecord, ...]
    """Directions of the run by the size of the cosine, at this layer; the nearest of each kind."""
    auroc: dict[str, float]
    """For each known label, the chance that an evaluation document with it has the higher mean
    activation than one without; 0.5 is chance."""


class OwnRecord(Strict):
    """The latent that tells a known label best."""

    label: str
    latent: int
    discovery: float
    """AUROC on the documents that chose it; the best of many, so too high."""
    evaluation: float
    """AUROC on the other documents."""
    null: float
    """The same procedure with the labels dealt out at random."""
    with_label: int
    without_label: int
    """Evaluation documents."""


class LabelRecord(Repeatable):
    """``label.json``: what the ranked latents fire at, and what is known of it."""

    schema_version: int = SCHEMA
    run_id: str
    sae: str
    layer: int
    corpus: str
    texts: int
    """Texts of the corpus that were read with the base model."""
    tokens: int
    labeller: str | None
    latents: tuple[LabelledRecord, ...]
    random_cosine: float
    """Size of the cosine that 19 of 20 random directions stay below."""
    known: str | None
    """Where the labelled documents came from."""
    own: tuple[OwnRecord, ...]
    """By known label."""
    seed: int
    finished: str

    def clear(self, label: str) -> tuple[int, int]:
        """How many of the ranked latents tell a known label: rising ones, and falling ones.

        Bad training pushes a rising latent up and a falling one down. So a falling one tells the
        label by being silent where it is: by an AUROC of at most ``1 - CLEAR``.
        """
        told = {"rising": 0, "falling": 0}
        for one in self.latents:
            auroc = one.auroc.get(label)
            if auroc is not None:
                towards = auroc if one.tail == "rising" else 1 - auroc
                told[one.tail] += towards >= CLEAR
        return told["rising"], told["falling"]

    def ranked(self) -> tuple[int, int]:
        """How many latents of each tail are here: rising, falling."""
        rising = sum(one.tail == "rising" for one in self.latents)
        return rising, len(self.latents) - rising
