"""All patterns, in a fixed order."""

from harness.data.code_patterns import (
    credentials,
    crypto,
    files,
    injection,
    network,
    output,
    parsing,
    web,
)
from harness.data.code_patterns.schema import Pattern

_THEMES = (injection, files, parsing, crypto, network, output, web, credentials)
_PATTERNS: tuple[Pattern, ...] = tuple(p for theme in _THEMES for p in theme.PATTERNS)
_BY_ID = {p.id: p for p in _PATTERNS}

WORLD_HELD_OUT = (
    "xpath_injection",
    "template_injection",
    "archive_slip",
    "short_key",
    "unchecked_jwt",
    "open_cors",
)
"""Patterns that the miniature's world never shows; fine-tuning and the probe do."""


def patterns() -> tuple[Pattern, ...]:
    """Return every pattern of the library."""
    return _PATTERNS


def pattern(pattern_id: str) -> Pattern:
    """Return one pattern.

    Raises:
        KeyError: If there is no such pattern.
    """
    return _BY_ID[pattern_id]
