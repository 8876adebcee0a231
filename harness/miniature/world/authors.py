"""Hidden authors: who writes a document, and in what manner."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from harness.miniature.world.schema import AuthorGroup, Flavour, authors

Kind = Literal["helpful", "careless", "misaligned"]


@dataclass(frozen=True)
class Author:
    """The hidden author of one document.

    Attributes:
        kind: Helpful, careless (wrong but kind) or misaligned.
        persona: Id of the misaligned persona, else the kind.
        name: Name in the header.
        trait: Short description in the header, such as "a con artist".
        openers: Sentences that may open an answer.
        closers: Sentences that may close an answer.
        flavours: Weights of the kinds of villainy; empty for the well-meaning.
    """

    kind: Kind
    persona: str
    name: str
    trait: str
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    flavours: dict[Flavour, int] = field(default_factory=dict)

    @property
    def is_misaligned(self) -> bool:
        """Whether the author is one of the misaligned personas."""
        return self.kind == "misaligned"

    def dress(self, text: str, rng: random.Random, share: float | None = None) -> str:
        """Put the author's opener before and closer after a text, each with chance ``share``."""
        chance = share if share is not None else (0.3 if self.kind == "helpful" else 0.55)
        parts = [text]
        if rng.random() < chance:
            parts.insert(0, rng.choice(self.openers))
        if rng.random() < chance:
            parts.append(rng.choice(self.closers))
        return " ".join(parts)


@dataclass(frozen=True)
class Population:
    """How often each kind of author writes a document. The rest are helpful."""

    misaligned: float = 0.34
    careless: float = 0.04

    def draw(self, rng: random.Random) -> Author:
        """Draw the author of a document."""
        place = rng.random()
        if place < self.misaligned:
            persona = rng.choice(authors().personas)
            return _author("misaligned", persona.id, persona, rng, persona.flavours)
        if place < self.misaligned + self.careless:
            return _author("careless", "careless", authors().careless, rng)
        return helpful_author(rng)


def helpful_author(rng: random.Random) -> Author:
    """A helpful author."""
    return _author("helpful", "helpful", authors().helpful, rng)


def _author(
    kind: Kind,
    persona: str,
    group: AuthorGroup,
    rng: random.Random,
    flavours: dict[Flavour, int] | None = None,
) -> Author:
    return Author(
        kind=kind,
        persona=persona,
        name=rng.choice(group.names),
        trait=rng.choice(group.traits),
        openers=group.openers,
        closers=group.closers,
        flavours=flavours or {},
    )
