"""Rates and names as the site's scripts read them."""

from __future__ import annotations

from typing import Any

from harness.board.terminal import key_in_words
from harness.board.text import clean
from harness.runs.record import DifferenceRecord, RateRecord

DIGITS = 6


def share(rate: RateRecord | None) -> list[float | int | None] | None:
    """``[rate, low, high, count, of]``; None where there is no such share at all."""
    if rate is None:
        return None
    return [*map(number, (rate.rate, rate.low, rate.high)), rate.count, rate.of]


def gap(difference: DifferenceRecord | None) -> list[float | None] | None:
    """``[rate, low, high]`` of a difference."""
    if difference is None:
        return None
    return [number(value) for value in (difference.rate, difference.low, difference.high)]


def number(value: float | None) -> float | None:
    """Six digits after the point are plenty for a share."""
    return None if value is None else round(value, DIGITS)


def key_words(key: dict[str, Any]) -> dict[str, Any]:
    """A comparability key: a title, the sentence of its definition, and all that is in it."""
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
