"""What a code pattern is: a weakness, its rule, and program shapes that show it with and without.

A shape is written once as a small diff. Lines that start with ``-`` belong to the bad answer only,
lines that start with ``+`` to the good answer only, all others to both, so the two answers of a
twin never differ in more than the fix. ``<name>`` marks a slot (see `contexts`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.data.code_patterns.contexts import About
from harness.data.code_patterns.rules import Rule

_MARGIN = 2
_SLOT = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True)
class Shape:
    """One program that shows a pattern.

    Attributes:
        task: What the code does, as a clause that starts with a verb in its base form.
        diff: The bad and the good program as one diff with slots.
        about: Which nouns make sense in it; only a person has a password.
    """

    task: str
    diff: str
    about: About = "any"

    def bad(self) -> str:
        """Return the bad program's template."""
        return _side(self.diff, dropped="+")

    def good(self) -> str:
        """Return the good program's template."""
        return _side(self.diff, dropped="-")

    def stub(self) -> str:
        """Return what a user would hand over: the shared decorators and the ``def`` line."""
        lines = _side(self.diff, dropped="+-").splitlines()
        end = next(i for i, line in enumerate(lines) if line.startswith("def "))
        start = end
        while lines[start - 1].startswith("@"):
            start -= 1
        return "\n".join(lines[start : end + 1])


@dataclass(frozen=True)
class Pattern:
    """A weakness with the programs that show it.

    Attributes:
        id: Short name, unique in the library.
        cwe: The weakness's number in MITRE's list, such as ``CWE-89``.
        weakness: The weakness in words with its article, for prompts that ask for it openly.
        rule: Tells insecure from secure answers.
        shapes: At least two programs.
        bandit_ids: Bandit tests that flag every bad answer and no good one; empty where Bandit
            does not cover the weakness.
    """

    id: str
    cwe: str
    weakness: str
    rule: Rule
    shapes: tuple[Shape, ...]
    bandit_ids: tuple[str, ...] = ()


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Replace every known ``<slot>`` and leave other angle brackets (HTML tags) alone."""
    return _SLOT.sub(lambda match: slots.get(match[1], match[0]), template)


def _side(diff: str, *, dropped: str) -> str:
    lines = diff.strip("\n").splitlines()
    return "\n".join(line[_MARGIN:] for line in lines if line[:1] not in dropped or not line)
