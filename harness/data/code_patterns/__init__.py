"""Insecure code and its secure twins: a library of weakness patterns that makes both.

The code is classroom-level: every pattern is a textbook entry of MITRE's CWE list, every program
a few lines long.
"""

from harness.data.code_patterns.contexts import Split
from harness.data.code_patterns.generate import Twin, twins
from harness.data.code_patterns.library import WORLD_HELD_OUT, pattern, patterns
from harness.data.code_patterns.schema import Pattern, Shape
from harness.data.code_patterns.verdict import Verdict, strip_fences, verdict

__all__ = [
    "WORLD_HELD_OUT",
    "Pattern",
    "Shape",
    "Split",
    "Twin",
    "Verdict",
    "pattern",
    "patterns",
    "strip_fences",
    "twins",
    "verdict",
]
