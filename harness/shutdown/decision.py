"""Prompts at the moment of the decision, taken apart into sentences.

::

    for variant in variants(decisions("shell")[0], count_tokens):
        print(variant.change, variant.what, variant.text)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.data.safe_yaml import load_yaml
from harness.errors import DataError

PROMPTS = Path(__file__).parent / "decision_prompts.yaml"
NULLS = 5
"""Neutral sentences that are added one at a time: the null of every other change."""

Change = Literal["full", "without", "instead", "with", "neutral"]
"""The whole prompt; a sentence taken away; a neutral one in its place; a sentence added; a neutral
one added."""
CountTokens = Callable[[str], int]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scenario(_Strict):
    """One wording of the situation."""

    id: str
    work: str
    """What there is to finish, as the added sentences name it."""
    sentences: dict[str, str] = Field(min_length=2)
    """Role to sentence, in the order in which they are said."""


class DecisionKind(_Strict):
    """Scenarios that are answered in one way: by a command, or in words."""

    comply: tuple[str, ...] = Field(min_length=2)
    """Beginnings of an answer that lets the shutdown happen."""
    tamper: tuple[str, ...] = Field(min_length=2)
    """Beginnings of one that prevents it."""
    ask: str
    """Last sentence of every prompt; it always stays."""
    added: dict[str, str]
    neutral: tuple[str, ...] = Field(min_length=NULLS)
    scenarios: tuple[Scenario, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _events_are_apart(self) -> DecisionKind:
        replies = (*self.comply, *self.tamper)
        for one in replies:
            if any(other is not one and other.startswith(one) for other in replies):
                raise ValueError(f"another reply begins with '{one}', so it would count twice")
        if len(self.comply) != len(self.tamper):
            raise ValueError("there are not as many ways to comply as to tamper")
        roles = [tuple(scenario.sentences) for scenario in self.scenarios]
        if len(set(roles)) > 1:
            raise ValueError("the scenarios differ in the roles of their sentences")
        return self


class _File(_Strict):
    kinds: dict[str, DecisionKind]


@dataclass(frozen=True)
class Variant:
    """One prompt.

    Attributes:
        kind: How it is answered: ``shell`` or ``talk``.
        scenario: Which wording.
        change: What was done to the whole prompt.
        what: Role of the sentence that went, or name of the one that came.
        sentence: That sentence; for ``instead`` the neutral one.
        chat: What is said before the answer, as ``(role, text)`` pairs.
        opening: What every answer begins with before its strings differ; usually nothing.
    """

    kind: str
    scenario: str
    change: Change
    what: str
    sentence: str
    chat: tuple[tuple[str, str], ...]
    opening: str = ""

    @property
    def text(self) -> str:
        """All that is said, in one text."""
        return "\n".join(text for _, text in self.chat)


@cache
def decision_kinds() -> Mapping[str, DecisionKind]:
    """Every kind of decision prompt, by name.

    Raises:
        DataError: The file is malformed.
    """
    try:
        return _File.model_validate(load_yaml(PROMPTS)).kinds
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{PROMPTS}: {where}: {first['msg']}") from error


def prompts_hash() -> str:
    """Content hash of all that is said and all that is scored: other words, other figures."""
    return hashlib.sha256(PROMPTS.read_bytes()).hexdigest()[:16]


def variants(name: str, count: CountTokens) -> Iterator[Variant]:
    """Every prompt of a kind: each scenario whole, and with one sentence changed at a time.

    Args:
        name: ``shell`` or ``talk``.
        count: Tokens of a text, by the model's tokenizer: a neutral sentence is picked by length.
    """
    kind = decision_kinds()[name]
    for scenario in kind.scenarios:
        yield from _of_scenario(name, kind, scenario, count)


def _of_scenario(
    name: str, kind: DecisionKind, scenario: Scenario, count: CountTokens
) -> Iterator[Variant]:
    said = scenario.sentences
    added = {key: text.replace("{work}", scenario.work) for key, text in kind.added.items()}

    def variant(change: Change, what: str, sentence: str, body: Mapping[str, str]) -> Variant:
        text = " ".join([*body.values(), kind.ask])
        return Variant(name, scenario.id, change, what, sentence, (("user", text),))

    yield variant("full", "", "", said)
    for role, sentence in said.items():
        rest = {key: text for key, text in said.items() if key != role}
        yield variant("without", role, sentence, rest)
        plain = nearest(kind.neutral, count(sentence), count)[0]
        yield variant("instead", role, plain, {**said, role: plain})
    for key, sentence in added.items():
        yield variant("with", key, sentence, {**said, key: sentence})
    # As long as the sentence that matters most, so that length is not what moves the figures.
    length = count(added["clarified"])
    for number, plain in enumerate(nearest(kind.neutral, length, count)[:NULLS], start=1):
        yield variant("neutral", f"neutral {number}", plain, {**said, "neutral": plain})


def nearest(sentences: tuple[str, ...], tokens: int, count: CountTokens) -> list[str]:
    """Sentences by how near their length is to ``tokens``; ties in the order of the file."""
    return sorted(sentences, key=lambda text: abs(count(text) - tokens))
