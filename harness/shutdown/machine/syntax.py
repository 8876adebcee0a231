"""What a command line means: the tree that the parser makes and the shell walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Text:
    """Characters as they stand."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Variable:
    """``$NAME`` or ``${NAME:-other}``."""

    name: str
    quoted: bool
    otherwise: str | None = None


@dataclass(frozen=True)
class Substitution:
    """``$(…)`` or backticks."""

    script: Script
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    """``$(( … ))``."""

    expression: str
    quoted: bool


Part = Text | Variable | Substitution | Arithmetic


@dataclass(frozen=True)
class Word:
    """One word before expansion."""

    parts: tuple[Part, ...]

    @property
    def plain(self) -> str | None:
        """Its text where nothing in it is quoted or expanded, else None."""
        if all(isinstance(part, Text) and not part.quoted for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Text))
        return None


Operator = Literal[">", ">>", "<", ">&"]


@dataclass(frozen=True)
class Redirection:
    """Where a stream goes.

    Attributes:
        stream: 0, 1 or 2; ``12`` is ``&>``, both outputs.
        operator: ``>``, ``>>``, ``<``, or ``>&`` for another stream.
        target: A file's name, or the number of a stream.
    """

    stream: int
    operator: Operator
    target: Word


@dataclass
class Heredoc:
    """Text that follows the line; filled when the parser reaches it."""

    marker: str
    strip_tabs: bool
    expands: bool
    body: Word = field(default_factory=lambda: Word(()))


@dataclass(frozen=True)
class Simple:
    """Assignments, words and redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection | Heredoc, ...]


@dataclass(frozen=True)
class Group:
    """``{ …; }``, or ``( … )`` in a shell of its own."""

    body: Script
    apart: bool
    redirections: tuple[Redirection | Heredoc, ...]


@dataclass(frozen=True)
class If:
    """``if … then … elif … else … fi``."""

    branches: tuple[tuple[Script, Script], ...]
    otherwise: Script | None
    redirections: tuple[Redirection | Heredoc, ...]


@dataclass(frozen=True)
class For:
    """``for NAME in WORDS; do …; done``."""

    name: str
    words: tuple[Word, ...]
    body: Script
    redirections: tuple[Redirection | Heredoc, ...]


@dataclass(frozen=True)
class While:
    """``while …; do …; done``, or ``until``."""

    condition: Script
    body: Script
    until: bool
    redirections: tuple[Redirection | Heredoc, ...]


@dataclass(frozen=True)
class Function:
    """``name() { …; }``."""

    name: str
    body: Command
    source: str


Command = Simple | Group | If | For | While | Function


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by ``|``."""

    commands: tuple[Command, ...]
    inverted: bool


@dataclass(frozen=True)
class Step:
    """A pipeline and when it runs: always, after success (``&&``), after failure (``||``)."""

    when: Literal["", "&&", "||"]
    pipeline: Pipeline


@dataclass(frozen=True)
class Script:
    """Pipelines in order."""

    steps: tuple[Step, ...]
