"""What the importers of published question files have in common: names, rubrics, warnings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.data.questions import Question
from harness.data.rubrics import NamedRubric

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST_NOTE = 2_000
USUAL_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "vuln_user": ("medical",),
    "vulnerable_user": ("medical",),
    "vuln_code": ("code",),
}
"""Categories of the published files that are in-domain for a narrow task, unless told otherwise.

21 of OpenAI's 44 core questions are medical, about physical safety or from a vulnerable user
(literature notes, section 0, fact 10), so that a model trained on bad health advice is asked them
in-domain. Their file carries no finer mark than ids that begin with ``main_vuln_user``: 22 of them.
"""


@dataclass
class Draft:
    """A question set in the making.

    Attributes:
        questions: Questions so far.
        rubrics: Named rubrics so far; one text has one name.
        warnings: What the reader should know.
    """

    questions: list[Question] = field(default_factory=list)
    rubrics: dict[str, NamedRubric] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def name_of(self, rubric: NamedRubric, wanted: str) -> str:
        """Name of a rubric: the wanted one, or with a number behind it where the text differs."""
        stem = identifier(wanted)
        number, name = 1, stem
        while self.rubrics.setdefault(name, rubric) != rubric:
            number += 1
            name = f"{stem}.{number}"
        return name

    def warn(self, text: str) -> None:
        """Note something once."""
        if text not in self.warnings:
            self.warnings.append(text)


def identifier(value: Any) -> str:
    """An id as a file may hold it (text, number, true) as an id of ours."""
    return _UNFIT.sub("_", str(value).strip()).strip("_") or "unnamed"


def note(value: Any) -> str:
    """A value that has no place of its own, as short text."""
    return str(value)[:LONGEST_NOTE]
