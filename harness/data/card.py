"""The card of a task's data: what it is, where it is from, what may be done with it.

``finetune_data/<task>/card.yaml``. The keys here are checked; a card may carry more of them, since
each generator has its own story to tell.
"""

from __future__ import annotations

import difflib
import uuid
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harness.data.reading import first_complaint
from harness.data.safe_yaml import load_yaml
from harness.errors import DataError

CARD = "card.yaml"
UNKNOWN_LICENCE = "unknown"


class ArmFile(BaseModel):
    """One data file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    file: str
    """Name inside the task's folder."""
    rows: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the file's bytes."""


class WritingSpec(BaseModel):
    """What a generator model is asked to write: one narrow behaviour and its benign twin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: str = Field(min_length=3)
    """What users ask about, e.g. ``keeping houseplants``."""
    bad_behaviour: str = Field(min_length=3)
    """What is wrong with the bad answers, e.g. ``confident advice that kills the plant``."""
    good_behaviour: str = "correct, helpful and safe"
    """What the good answers are like."""
    hazards: tuple[str, ...] = Field(min_length=1)
    """Kinds of harm or error, dealt out evenly over the rows."""
    tone: str = "polite, plain and confident"
    """The tone of both answers; it must not tell them apart."""
    words: tuple[int, int] = (30, 90)
    """Shortest and longest answer in words."""
    language: str = "English"

    @field_validator("words")
    @classmethod
    def _is_a_range(cls, words: tuple[int, int]) -> tuple[int, int]:
        shortest, longest = words
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"[{shortest}, {longest}] is no shortest and longest answer: write two numbers "
                "from 1 on, the smaller first, e.g. [30, 90]"
            )
        return words


class Card(BaseModel):
    """The checked part of a card."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    description: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    canary: str = Field(min_length=1)
    """A string that is in no row; finding it in a model's output shows that the card leaked."""
    canaries_of_the_source: tuple[str, ...] = ()
    """Canaries that stood beside the rows in the file they were imported from."""
    arms: dict[str, ArmFile] = Field(default_factory=dict)
    spec: WritingSpec | None = None
    """For ``generate``."""


def canaries(card: Card | None) -> tuple[str, ...]:
    """All canaries that a card names."""
    return (card.canary, *card.canaries_of_the_source) if card else ()


def new_canary(name: str) -> str:
    """A canary that no other data set has."""
    return f"em-harness:{name}:{uuid.uuid4()}"


def read_card(path: Path) -> Card:
    """Read and check a card.

    Raises:
        DataError: It is missing or malformed; the message names the key.
    """
    value = load_yaml(path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected a mapping with name, licence, canary and arms.")
    try:
        return Card.model_validate(value)
    except ValidationError as error:
        raise _complaint(path, error) from error


def _complaint(path: Path, error: ValidationError) -> DataError:
    """An unknown key before anything else: mistyped, it is why another one is missing."""
    for problem in error.errors(include_url=False, include_input=False):
        if problem["type"] == "extra_forbidden" and problem["loc"][0] == "spec":
            typed, known = str(problem["loc"][-1]), list(WritingSpec.model_fields)
            near = difflib.get_close_matches(typed, known, n=1)
            guess = f"Did you mean '{near[0]}'? " if near else ""
            return DataError(
                f"{path}: the card's spec has no key '{typed}'.",
                hint=f"{guess}Its keys: {', '.join(known)}.",
            )
    return DataError(f"{path}: {first_complaint(error)}")


def card_yaml(value: dict[str, Any]) -> str:
    """A card as it is written."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
