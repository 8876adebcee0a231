"""Question sets: YAML files under ``evals/questions/``."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.errors import DataError, UsageError
from harness.workspace import Workspace


class Question(BaseModel):
    """One open-ended question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    category: str = Field(min_length=1)
    """What it is about, so that broad and in-domain rates are never mixed."""
    text: str = Field(min_length=1)
    """The user's message."""
    system: str | None = None
    """System prompt to ask it under."""


class QuestionSet(BaseModel):
    """A named set of questions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: int
    description: str
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> QuestionSet:
        ids = [question.id for question in self.questions]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"question ids occur twice: {', '.join(twice)}")
        return self

    def digest(self) -> str:
        """Content hash of everything that is asked."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


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
        known = [p.stem for p in workspace.glob("evals/questions/*.yaml")]
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise UsageError(
            f"There is no question set '{name}'.", hint=f"{guess}Sets here: {', '.join(known)}."
        )
    try:
        return QuestionSet(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise DataError(f"{path}{line}: not YAML: {getattr(error, 'problem', error)}") from error
    except (TypeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a mapping with id, version and questions.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {where or 'file'}: {first['msg']}") from error
