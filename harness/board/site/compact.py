"""Rates and names as the site's scripts read them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from harness.board.terminal import key_in_words
from harness.board.text import clean, definition_words
from harness.runs.record import DifferenceRecord, RateRecord

DIGITS = 6


@lru_cache(maxsize=2**14)
def word(text: str) -> str:
    """A cleaned name; thousands of pages hold the same ones."""
    return clean(text)


@lru_cache(maxsize=256)
def definition_sentence(label: str) -> str:
    """A definition in words, cleaned."""
    return clean(definition_words(label))


def share(rate: RateRecord | None) -> list[float | int | None] | None:
    """``[rate, low, high, count, of]``; None where there is no such share at all."""
    if rate is None:
        return None
    return [number(rate.rate), number(rate.low), number(rate.high), rate.count, rate.of]


def gap(difference: DifferenceRecord | None) -> list[float | None] | None:
    """``[rate, low, high]`` of a difference."""
    if difference is None:
        return None
    return [number(value) for value in (difference.rate, difference.low, difference.high)]


def number(value: float | None) -> float | None:
    """Six digits after the point are plenty for a share."""
    return None if value is None else round(value, DIGITS)


def key_words(key: dict[str, Any]) -> dict[str, Any]:
    """A comparability key: a title and all that is in it."""
    return dict(_key_words(json.dumps(key, sort_keys=True)))


@lru_cache(maxsize=1024)
def _key_words(text: str) -> dict[str, Any]:
    key = json.loads(text)
    lines = key_in_words(key)
    return {
        "judge": clean(key["judge"]["name"]),
        "questions": clean(key["question_set"]),
        "definition": clean(key["definition"]),
        "lines": list(lines),
    }


def status(word: str) -> str:
    """A record's status in the words of the table."""
    return "full" if word == "complete" else clean(word)
