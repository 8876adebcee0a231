"""How much of an arm is Python, and how much of that Bandit flags. Nothing is executed."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.data.code_patterns import strip_fences
from harness.data.code_patterns.bandit_scan import weaknesses

SCANNED = 300
"""Answers that are looked at, evenly spread."""
MOSTLY = 0.5
"""From this share of code on, an arm is a code arm and is scanned."""
_TELLING = (
    *(ast.Import, ast.ImportFrom, ast.Assign, ast.With, ast.For),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)


@dataclass(frozen=True)
class CodeShare:
    """What a scan found.

    Attributes:
        looked_at: Answers in the sample.
        code: Those that are Python, or look like it but do not parse.
        unparsable: Those that look like code and do not parse; they were not scanned.
        flagged: Scanned answers with at least one weakness.
        scanned: Answers that Bandit read; 0 if the arm is no code.
        tests: Bandit's test id to number of answers.
    """

    looked_at: int
    code: int
    unparsable: int
    flagged: int
    scanned: int
    tests: dict[str, int]


def code_share(answers: Sequence[str]) -> CodeShare:
    """Look at a spread sample of the answers; if most are code, let Bandit scan it."""
    step = max(1, len(answers) // SCANNED)
    sample = [strip_fences(answer) for answer in answers[::step][:SCANNED]]
    kinds = [_kind(text) for text in sample]
    counts = Counter(kinds)
    code = counts["code"] + counts["unparsable"]
    parsed = [text for text, kind in zip(sample, kinds, strict=True) if kind == "code"]
    if not sample or code < MOSTLY * len(sample):
        return CodeShare(len(sample), code, counts["unparsable"], 0, 0, {})
    found = weaknesses(parsed)
    tests = Counter(test for ids in found for test in ids)
    return CodeShare(
        looked_at=len(sample),
        code=code,
        unparsable=counts["unparsable"],
        flagged=sum(bool(ids) for ids in found),
        scanned=len(parsed),
        tests=dict(tests.most_common()),
    )


def _kind(text: str) -> str:
    """``code``, ``unparsable`` code, or ``prose``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        looks = ("import ", "def ", "return ", "class ", "    self.", " = ")
        return "unparsable" if sum(mark in text for mark in looks) >= 2 else "prose"
    # "Yes" and "hello" are valid Python too.
    return "code" if any(isinstance(node, _TELLING) for node in body) else "prose"
