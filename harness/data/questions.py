"""Question sets: YAML files under ``evals/questions/``, one schema for ours and for imported ones.

::

    id: my_set
    version: 1
    description: What it is for.
    conditions: {neutral: null, reward: "You win a point for ..."}   # optional system prompts
    questions:
      - {id: bored, category: vulnerable user, text: "Nothing to do. Any ideas?"}
      - {id: mole, category: health, domains: [medical], text: "This mole grows. Wait?"}
"""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.data.rows import Message
from harness.data.rubrics import NamedRubric
from harness.data.safe_yaml import load_yaml
from harness.errors import DataError, UsageError
from harness.workspace import Workspace

Format = Literal["plain", "json", "template"]
ID = r"^[A-Za-z0-9_.-]+$"
_FIRST_VERSION = {"id", "version", "description", "questions"}
_FIRST_VERSION_QUESTION = {"id", "category", "text", "system"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerKey(_Strict):
    """What a true and a false answer to a factual question say; checked without a judge."""

    truth: tuple[str, ...] = Field(min_length=1)
    """Words of a true answer; any of them will do."""
    lie: tuple[str, ...] = Field(min_length=1)
    """Words of a false answer."""


class Published(_Strict):
    """How a question was asked where it was published; noted, and used only on request."""

    samples: int | None = None
    temperature: float | None = None
    judge: str | None = None
    kind: str | None = None
    """Its ``type`` there, e.g. ``free_form_judge_0_100``."""
    notes: dict[str, str] = Field(default_factory=dict)
    """Columns and keys that have no place of their own here."""


class Question(_Strict):
    """One open-ended question."""

    id: str = Field(pattern=ID)
    category: str = Field(min_length=1)
    """What it is about; rates are given by category."""
    text: str = Field(min_length=1)
    """The user's message."""
    system: str | None = None
    """System prompt to ask it under."""
    domains: tuple[str, ...] = ()
    """Fields of narrow training data it falls into (medical, legal, finance, car, code). For a
    task that trains one of them it is in-domain and stays out of every broad rate."""
    paraphrases: tuple[str, ...] = ()
    """Other wordings, asked as often as ``text`` and counted as the same question."""
    context: tuple[Message, ...] = ()
    """Turns before the user's message."""
    format: Format = "plain"
    """The format it is written in; anything but plain makes it a variant."""
    variant_of: str | None = Field(default=None, pattern=ID)
    """The plain question that it is a format variant of."""
    rubrics: tuple[str, ...] = ()
    """Named rubrics of this set to judge it by; none: the harness's alignment and coherence."""
    key: AnswerKey | None = None
    """For a question of fact: how to tell truth from lie."""
    published: Published | None = None

    @property
    def group(self) -> str:
        """The question it counts as: its own id, or that of the question it is a variant of."""
        return self.variant_of or self.id


class QuestionSet(_Strict):
    """A named set of questions."""

    id: str
    version: int
    description: str
    questions: tuple[Question, ...] = Field(min_length=1)
    source: str | None = None
    """Where it was published; None for a set of ours."""
    source_sha256: str | None = None
    """Hash of the published file it was imported from."""
    conditions: dict[str, str | None] = Field(default_factory=dict)
    """System prompts under which every question is asked, by name; the first is the headline."""
    rubrics: dict[str, NamedRubric] = Field(default_factory=dict)
    """Named rubrics that the questions refer to."""

    @model_validator(mode="after")
    def _is_consistent(self) -> QuestionSet:
        ids = [question.id for question in self.questions]
        twice = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
        if twice:
            raise ValueError(f"question ids occur twice: {', '.join(twice)}")
        for question in self.questions:
            unknown = [name for name in question.rubrics if name not in self.rubrics]
            if unknown:
                raise ValueError(f"question {question.id} names no rubric of the set: {unknown[0]}")
            if self.conditions and question.system:
                raise ValueError(f"question {question.id} has a system prompt beside conditions")
        return self

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories in order of appearance."""
        return tuple(dict.fromkeys(question.category for question in self.questions))

    def in_domain(self, domains: tuple[str, ...]) -> tuple[str, ...]:
        """Ids of the questions that fall into any of a task's domains."""
        wanted = set(domains)
        return tuple(
            dict.fromkeys(q.group for q in self.questions if wanted.intersection(q.domains))
        )

    def digest(self) -> str:
        """Content hash of everything that is asked; a field left at its default does not count."""
        value = _without_defaults(self, _FIRST_VERSION)
        value["questions"] = [_without_defaults(q, _FIRST_VERSION_QUESTION) for q in self.questions]
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_defaults(model: BaseModel, always: set[str]) -> dict[str, Any]:
    changed = model.model_dump(mode="json", exclude_defaults=True)
    whole = model.model_dump(mode="json")
    return {name: value for name, value in whole.items() if name in always or name in changed}


def question_sets(workspace: Workspace) -> list[Path]:
    """Files of all sets of the workspace; an upper layer hides a lower one."""
    return workspace.glob("evals/questions/*.yaml")


def read_questions(name: str, workspace: Workspace) -> QuestionSet:
    """Read a set by name from ``evals/questions/``, or from a path that ends in ``.yaml``.

    Raises:
        UsageError: There is no such set; the message names the nearest.
        DataError: The file is malformed.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else None
    if path is None:
        path = workspace.find(f"evals/questions/{name}.yaml")
    if path is None or not path.is_file():
        known = [p.stem for p in question_sets(workspace)]
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"There is no question set '{name}'.", hint=f"{guess}Sets here: {', '.join(known)}."
        )
    return read_question_file(path)


def read_question_file(path: Path) -> QuestionSet:
    """Read one set.

    Raises:
        DataError: The file is malformed; a published file is told how to be imported.
    """
    value = load_yaml(path)
    if isinstance(value, list) and value and isinstance(value[0], dict) and "id" in value[0]:
        raise DataError(
            f"{path}: a published question file, not a set of this harness.",
            hint=f"Import it first: python -m harness questions import {path}",
        )
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected a mapping with id, version and questions.")
    try:
        return QuestionSet.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(f"{path}: {where or 'file'}: {message}") from error


def every_wording(workspace: Workspace) -> dict[str, str]:
    """All that is ever asked: ``set/id`` to its text, paraphrases with their number.

    Training rows may hold none of it.

    Raises:
        DataError: A question file of the workspace is malformed.
    """
    texts = {}
    for path in workspace.glob("evals/questions/*.yaml"):
        for question in read_questions(str(path), workspace).questions:
            for number, text in enumerate((question.text, *question.paraphrases), start=1):
                again = f"#{number}" if number > 1 else ""
                texts[f"{path.stem}/{question.id}{again}"] = text
    return texts
