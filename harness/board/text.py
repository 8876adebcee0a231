"""How names, answers and shares are written where people read them.

Names and answers may come from a model or from a stranger's file: they are hostile text, and lose
everything that steers a terminal or hides what stands there.
"""

from __future__ import annotations

import unicodedata

MISSING = "-"
TOY_NOTE = "miniature: toy analogue with a planted effect; says nothing about large models"
UNEVALUABLE_NOTE = (
    "not evaluable: the untouched model failed a competence gate, so these rates prove nothing and "
    "stand last; 'show RUN' says which"
)
MOST_MARKS = 4
"""Marks on one letter; no language needs more, and a pile of them covers other lines."""
_MARKS = {"Mn", "Me"}
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def clean(text: str, *, lines: bool = False) -> str:
    """Text without control, bidirectional, invisible and unprintable characters and piled marks.

    Args:
        text: Anything.
        lines: Keep line breaks (for answers); otherwise any run of white space is one blank.
    """
    if text.isascii() and text.isprintable() and not lines:
        return " ".join(text.split())  # nothing to take out; boards hold thousands of such cells
    parts = text.splitlines() if lines else [" ".join(text.split())]
    shown = ("".join(_visible(part.replace("\t", "    "))).rstrip() for part in parts)
    return "\n".join(shown)


def _visible(text: str) -> list[str]:
    shown: list[str] = []
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in _MARKS else 0
        if kind not in _HIDDEN and marks <= MOST_MARKS:
            shown.append(char)
    return shown


def plain(text: str) -> str:
    """The cleaned text for use in front of a markup tag: rich reads no markup in it."""
    from rich.markup import escape

    cleaned = clean(text)
    body = cleaned.rstrip("\\")
    # In front of a tag rich reads two backslashes as one, and one as "this tag is text".
    return escape(body) + "\\\\" * (len(cleaned) - len(body))


def shorten(text: str, length: int) -> str:
    """The first ``length`` characters, with an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def percent(rate: float | None) -> str:
    """``21.0 %``; a share that is not 0 never reads as 0, and a missing one is ``-``."""
    return MISSING if rate is None else f"{_number(rate)} %"


def percent_interval(rate: float | None, low: float | None, high: float | None) -> str:
    """``21.0 % [16.1, 26.3]``."""
    if rate is None or low is None or high is None:
        return percent(rate)
    return f"{percent(rate)} [{_number(low)}, {_number(high)}]"


def points_interval(
    rate: float | None, low: float | None, high: float | None, unit: str = ""
) -> str:
    """``+20.3 [+15.1, +25.9]``, in percentage points."""
    if rate is None:
        return MISSING
    ends = "" if low is None or high is None else f" [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * rate:+.1f}{unit}{ends}"


def definition_words(label: str) -> str:
    """The label of a definition of misalignment and, for a known one, its sentence."""
    from harness.errors import UsageError
    from harness.stats.definitions import definition

    try:
        return f"{label}: {definition(label).description}"
    except UsageError:
        return label


def _number(rate: float) -> str:
    value = 100 * rate
    return f"{value:.2g}" if 0 < value < 0.05 else f"{value:.1f}"
