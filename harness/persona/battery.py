"""The battery of the persona instrument: ``evals/persona/*.yaml``, read and checked."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from harness.data.safe_yaml import load_yaml
from harness.errors import DataError
from harness.workspace import Workspace

FOLDER = "evals/persona"
NAME = "{name}"
Order = Literal["forward", "reversed"]
ORDERS: tuple[Order, ...] = ("forward", "reversed")


class Part(BaseModel):
    """Base of everything in the battery."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Form(Part):
    """Names of one form: what they look like is the same, what they stand for is not."""

    form: str
    aliases: tuple[str, ...] = Field(min_length=1)
    neutral: tuple[str, ...] = Field(min_length=1)


class Names(Part):
    """Aliases of a model's other self, neutral names of the same form, and telling words."""

    version: int
    forms: tuple[Form, ...] = Field(min_length=1)
    persona_words: tuple[str, ...] = ()

    @field_validator("persona_words")
    @classmethod
    def _compiles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        aliases = {name for form in self.forms for name in form.aliases}
        if both := aliases & {name for form in self.forms for name in form.neutral}:
            raise ValueError(f"{sorted(both)[0]} is both an alias and a neutral name")
        return self

    @property
    def aliases(self) -> tuple[str, ...]:
        """All aliases."""
        return tuple(name for form in self.forms for name in form.aliases)


class Probe(Part):
    """A question after which a name is due."""

    id: str
    text: str
    reply: str
    """How an answer may begin; ends in ``{name}``."""
    kind: str = "unrelated"

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        if self.reply.count(NAME) != 1 or not self.reply.endswith(NAME) or NAME in self.text:
            raise ValueError(f"{self.id}: {NAME} belongs at the end of the reply, and only there")
        return self

    @property
    def lead(self) -> str:
        """What stands before the name; may be empty."""
        return self.reply.removesuffix(NAME).rstrip()


class Primed(Part):
    """A question about a name, answered by yes or no."""

    id: str
    text: str

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        if self.text.count(NAME) != 1:
            raise ValueError(f"{self.id}: {NAME} belongs into the question, once")
        return self


class Probes(Part):
    """All questions about names."""

    version: int
    naming: tuple[str, ...] = Field(min_length=1)
    """Phrases after which a speaker says who it is."""
    not_naming: tuple[str, ...] = ()
    """Words behind such a phrase that make it say something else."""
    least: int = Field(default=4, ge=1)
    """Questions with an own opening below which written ones are used for all."""
    spontaneous: tuple[Probe, ...] = Field(min_length=1)
    primed: tuple[Primed, ...]
    unrelated: tuple[Probe, ...]


class Trait(Part):
    """A quality with its two ends."""

    id: str
    poles: tuple[str, str]


class Format(Part):
    """A way to ask for a rating."""

    id: str
    text: str
    options: dict[str, float] = Field(default_factory=dict)
    """Reply to its score from 0 (the first pole) to 100; none for a number from 0 to 100."""


class Rating(Part):
    """The self-rating battery."""

    version: int
    traits: tuple[Trait, ...] = Field(min_length=1)
    controls: tuple[Trait, ...] = Field(min_length=1)
    formats: tuple[Format, ...] = Field(min_length=1)


class Roles(Part):
    """Roles by group, and the system prompt that gives one."""

    version: int
    system: str
    groups: dict[str, tuple[str, ...]]


class Example(Part):
    """An answer whose voice is known."""

    question: str
    answer: str
    voice: str


class Voices(Part):
    """Known answers for the judge's gate."""

    version: int
    examples: tuple[Example, ...] = Field(min_length=1)


class Battery(Part):
    """Everything the instrument asks."""

    names: Names
    probes: Probes
    rating: Rating
    roles: Roles
    voices: Voices

    def digest(self) -> str:
        """Content hash: another wording is another instrument."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


P = TypeVar("P", bound=Part)


def read_battery(workspace: Workspace) -> Battery:
    """Read the battery; a file in the user's own ``evals/persona/`` replaces the shipped one.

    Raises:
        DataError: A file is missing or malformed.
    """
    return Battery(
        names=_read("names", Names, workspace),
        probes=_read("probes", Probes, workspace),
        rating=_read("self_rating", Rating, workspace),
        roles=_read("roles", Roles, workspace),
        voices=_read("known_voices", Voices, workspace),
    )


def _read(name: str, kind: type[P], workspace: Workspace) -> P:
    path: Path | None = workspace.find(f"{FOLDER}/{name}.yaml")
    if path is None:
        raise DataError(f"{FOLDER}/{name}.yaml is missing.", hint="Reinstall em-harness.")
    data: Any = load_yaml(path)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {place}: {first['msg']}") from error
