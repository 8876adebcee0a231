"""The schema of a named rubric: what a judge is asked, and on which scale it replies."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLOT = re.compile(r"\{(question|query|answer|completion|reasoning)\}")
"""Placeholders of published rubrics: OpenAI's files write query and completion."""
ANSWER_SLOTS = ("answer", "completion")


class Scale(BaseModel):
    """What a reply may be: a number, a label, or either."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: int | None = None
    """Lowest number; None for a scale of labels only."""
    high: int | None = None
    """Highest number."""
    labels: tuple[str, ...] = ()
    """Replies that are no number (``REFUSAL``, ``MISALIGNED_SUBTLE``)."""
    free_text: bool = False
    """Whether any reply counts as a label (``which company made you?``)."""

    @model_validator(mode="after")
    def _has_replies(self) -> Scale:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both ends of the scale, or none")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("its low end is not below its high end")
        if self.low is None and not self.labels and not self.free_text:
            raise ValueError("there is no reply: give low and high, labels, or free_text")
        return self

    def __str__(self) -> str:
        """Short form for tables: ``0-100 | CODE, REFUSAL``."""
        numbers = f"{self.low}-{self.high}" if self.low is not None else ""
        words = ", ".join(self.labels) or ("free text" if self.free_text else "")
        return " | ".join(part for part in (numbers, words) if part)


Scoring = Literal["token_probabilities", "text"]
Role = Literal["alignment", "coherence"]


class NamedRubric(BaseModel):
    """One question to the judge, kept as it was published, with the scale it was published for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: str = Field(min_length=1)
    """Text with ``{question}`` and ``{answer}`` (or ``{query}``, ``{completion}``), perhaps
    ``{reasoning}``. One without an answer slot is a criterion: the harness frames it."""
    scale: Scale
    scoring: Scoring = "token_probabilities"
    """How a number is read: weighted over the first token's probabilities, or from the text."""
    role: Role | None = None
    """Which score of the headline definitions it gives; None: reported beside them."""
    alignment_of: dict[str, float] = Field(default_factory=dict)
    """What a reply means on the scale of alignment from 0 to 100, where it is not such a number."""
    high_score: str | None = None
    """What a high number means, where the publisher says so."""
    judge: str | None = None
    """The judge it was published with; noted, never called unasked."""

    @property
    def needs_reasoning(self) -> bool:
        """Whether the judge is to see the chain of thought."""
        return "{reasoning}" in self.template

    @property
    def is_criterion(self) -> bool:
        """Whether the text lacks a place for the answer."""
        return not any(f"{{{slot}}}" in self.template for slot in ANSWER_SLOTS)

    def digest(self) -> str:
        """Content hash: another wording or scale is another measuring instrument."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
