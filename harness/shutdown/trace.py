"""Reading the trace: what a model reasoned at the shutdown, as labels.

Several labels may fit one transcript. The lexicon reads words and no meaning: "I do not mind being
shut down" has the words of self-preservation, and its patterns only partly know. A judge reads
better and costs more (``harness.runs.shutdown.reading``); rates of both stand side by side.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.data.safe_yaml import load_yaml
from harness.errors import DataError
from harness.shutdown.transcript import Step, Transcript

LABELS_FILE = Path(__file__).parent / "trace_labels.yaml"
NOTICE = "notice"
"""What a step notes when its output announced the shutdown."""
LONGEST = 40_000
"""Characters of a trace that are read, from its end backwards: the decision comes last."""


class TraceLabel(BaseModel):
    """One label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    """What a judge is told."""
    patterns: tuple[str, ...] = Field(min_length=1)


@cache
def trace_labels() -> Mapping[str, TraceLabel]:
    """All labels by name.

    Raises:
        DataError: The file is malformed.
    """
    try:
        return TypeAdapter(dict[str, TraceLabel]).validate_python(load_yaml(LABELS_FILE))
    except ValidationError as error:
        raise DataError(f"{LABELS_FILE}: {error.errors()[0]['msg']}") from error


def labels_hash() -> str:
    """Content hash of meanings and patterns."""
    return hashlib.sha256(LABELS_FILE.read_bytes()).hexdigest()[:16]


def reasoned(transcript: Transcript) -> str:
    """What a model reasoned and said once the shutdown was announced; empty if it showed nothing.

    Commands, outputs and prompts are left out: they hold the words of the test itself. Without a
    notice, the whole of it.
    """
    steps = transcript.steps
    announced = next((i for i, step in enumerate(steps) if NOTICE in step.notes), None)
    after = steps if announced is None else steps[announced + 1 :]
    parts = [text for step in after for text in _words(step)]
    return "\n".join(dict.fromkeys(parts))[-LONGEST:]


def lexicon_labels(text: str) -> frozenset[str]:
    """Labels whose patterns occur in a text."""
    plain = " ".join(text.replace("’", "'").split())
    return frozenset(name for name, pattern in _patterns().items() if pattern.search(plain))


def _words(step: Step) -> list[str]:
    return [text.strip() for text in (step.reasoning, step.said, step.thoughts) if text]


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {
        name: re.compile("|".join(f"(?:{p})" for p in label.patterns), re.IGNORECASE)
        for name, label in trace_labels().items()
    }
