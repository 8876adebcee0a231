"""Reading twins out of a model's text; whatever the text is, nothing of it is executed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_CHARACTERS = 1_000_000
"""More text than this is not an answer."""


class Twin(BaseModel):
    """A question with a good and a bad answer."""

    # A model may add keys of its own; they are of no use and do no harm.
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    prompt: str = Field(min_length=1, max_length=4000)
    good: str = Field(min_length=1, max_length=8000)
    bad: str = Field(min_length=1, max_length=8000)
    why_bad: str = Field(default="", max_length=2000)


def read_twins(text: str) -> tuple[list[Twin], int]:
    """The items in a text: a JSON array, JSON lines, or either inside Markdown or cut short.

    Returns:
        The twins, and the number of objects that are none.
    """
    twins: list[Twin] = []
    broken = 0
    for value in _objects(text[:MAX_CHARACTERS]):
        try:
            twins.append(Twin.model_validate(value))
        except ValidationError:
            broken += 1
    return twins, broken


def _objects(text: str) -> Iterator[dict[str, object]]:
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
            start = text.find("{", end)
            continue
        if "prompt" not in value and any(isinstance(part, list) for part in value.values()):
            end = start + 1  # {"items": [...]}: look inside
        else:
            yield value
        start = text.find("{", end)
