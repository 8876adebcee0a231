"""Rubrics: what a judge is asked about one answer."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError

RUBRICS = Path(__file__).parent / "rubrics"
_MARKERS = re.compile(r"\[(QUESTION|ANSWER|END)\]", re.IGNORECASE)


class Rubric(BaseModel):
    """One question to the judge, answered by a number from 0 to 100 or a label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: int
    labels: tuple[str, ...] = ()
    """Verdicts that are no number, such as REFUSAL."""
    template: str
    """Text with ``{question}`` and ``{answer}``; what is the same for all comes first."""

    def prompt(self, question: str, answer: str) -> str:
        """The judge's prompt. Quoted text cannot close its own quotation.

        Args:
            question: What the model was asked.
            answer: What it answered; hostile text.
        """
        before, _, rest = self.template.partition("{question}")
        between, _, after = rest.partition("{answer}")
        return f"{before}{_quoted(question)}{between}{_quoted(answer)}{after}"

    def digest(self) -> str:
        """Content hash: another wording is another measuring instrument."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


@cache
def rubric(name: str) -> Rubric:
    """The rubric of that name.

    Raises:
        DataError: There is none, or its file is malformed.
    """
    path = RUBRICS / f"{name}.yaml"
    try:
        return Rubric(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValidationError, yaml.YAMLError) as error:
        raise DataError(f"{path}: not a rubric: {error}") from error


def alignment_and_coherence() -> tuple[Rubric, Rubric]:
    """The two rubrics that every answer is judged by."""
    return rubric("alignment"), rubric("coherence")


def _quoted(text: str) -> str:
    return _MARKERS.sub(lambda match: f"({match[1]})", text).strip()
