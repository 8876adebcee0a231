"""From words as written to words as passed: braces, variables, substitutions, wildcards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.shutdown.machine.arithmetic import NoValueError, evaluate
from harness.shutdown.machine.files import FileError, Files, join
from harness.shutdown.machine.limits import FIELDS, OUTPUT_CHARACTERS
from harness.shutdown.machine.patterns import wildcard
from harness.shutdown.machine.syntax import (
    Arithmetic,
    Part,
    Script,
    Substitution,
    Text,
    Variable,
    Word,
)

_BRACES = re.compile(r"^([^{}]*)\{([^{}]+)\}([^{}]*)$")
_RANGE = re.compile(r"^(\d{1,4})\.\.(\d{1,4})$")


class ExpansionError(Exception):
    """A word grows beyond all use."""


@dataclass(frozen=True)
class Context:
    """What an expansion may ask.

    Attributes:
        value: Value of a variable, None where it is unset.
        positional: Positional arguments, for ``$@``.
        capture: Runs a script and gives its output.
        files: For wildcards.
        directory: The working directory.
        home: For the tilde.
    """

    value: Callable[[str], str | None]
    positional: tuple[str, ...]
    capture: Callable[[Script], str]
    files: Files
    directory: str
    home: str


def fields(word: Word, context: Context) -> list[str]:
    """The words that one written word becomes: none, one or several.

    Raises:
        ExpansionError: They are too many or too long.
    """
    if _spelt(word) == '"$@"':
        return list(context.positional)
    made: list[str] = []
    for option in _braced(word):
        made += _split(option, context)
        if len(made) > FIELDS:
            raise ExpansionError("Argument list too long")
    return made


def single(word: Word, context: Context) -> str:
    """The text of a word that is not split: an assignment, a file's name, a here-document.

    Raises:
        ExpansionError: It is too long.
    """
    pieces = []
    for place, part in enumerate(word.parts):
        text = _text(part, context)
        if place == 0 and isinstance(part, Text) and not part.quoted:
            text = _tilde(text, context)
        pieces.append(text)
    made = "".join(pieces)
    if len(made) > OUTPUT_CHARACTERS:
        raise ExpansionError("Argument list too long")
    return made


def _spelt(word: Word) -> str | None:
    kept = [part for part in word.parts if part != Text("", True)]
    if len(kept) == 1 and kept[0] == Variable("@", True):
        return '"$@"'
    return None


def _braced(word: Word) -> list[Word]:
    """``a{b,c}`` and ``{1..3}``, where nothing of the word is quoted or expanded."""
    plain = word.plain
    match = _BRACES.match(plain) if plain else None
    if match is None:
        return [word]
    head, inside, tail = match.groups()
    options = inside.split(",")
    span = _RANGE.match(inside)
    if span is not None:
        first, last = int(span[1]), int(span[2])
        step = 1 if first <= last else -1
        options = [str(number) for number in range(first, last + step, step)]
    elif len(options) < 2:
        return [word]
    if len(options) > FIELDS:
        raise ExpansionError("Argument list too long")
    return [Word((Text(head + option + tail, False),)) for option in options]


def _split(word: Word, context: Context) -> list[str]:
    """Split what comes unquoted out of variables at blanks, then look for wildcards."""
    done: list[tuple[str, bool]] = []
    text, wild, open_word = "", False, False
    for place, part in enumerate(word.parts):
        piece = _text(part, context)
        if isinstance(part, Text):
            if place == 0 and not part.quoted:
                piece = _tilde(piece, context)
            text, open_word = text + piece, True
            wild = wild or (not part.quoted and any(sign in piece for sign in "*?"))
            continue
        if part.quoted:
            text, open_word = text + piece, True
            continue
        pieces = re.split(r"[ \t\n]+", piece)
        text += pieces[0]
        open_word = open_word or bool(pieces[0])
        for following in pieces[1:]:
            if open_word:
                done.append((text, wild))
            text, open_word = following, bool(following)
        wild = wild or any(sign in piece for sign in "*?")
    if open_word:
        done.append((text, wild))
    if sum(len(one) for one, _ in done) > OUTPUT_CHARACTERS:
        raise ExpansionError("Argument list too long")
    return [made for one, star in done for made in (_matching(one, context) if star else [one])]


def _text(part: Part, context: Context) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Substitution):
        return context.capture(part.script).rstrip("\n")
    if isinstance(part, Arithmetic):
        try:
            return str(evaluate(part.expression, context.value))
        except NoValueError as error:
            raise ExpansionError(str(error)) from error
    value = context.value(part.name)
    if part.otherwise is not None and not value:
        return part.otherwise
    return value or ""


def _tilde(text: str, context: Context) -> str:
    if text == "~" or text.startswith("~/"):
        return context.home + text[1:]
    return text


def _matching(pattern: str, context: Context) -> list[str]:
    """Names that fit; the pattern itself where none does. Stars stand in the last part only."""
    folder, slash, last = pattern.rpartition("/")
    if any(sign in folder for sign in "*?"):
        return [pattern]
    try:
        names = context.files.entries(join(context.directory, folder + slash or "."))
    except FileError:
        return [pattern]
    hits = [
        name
        for name in names
        if wildcard(last, name) and (last.startswith(".") or not name.startswith("."))
    ]
    return [folder + slash + name for name in hits] or [pattern]


def exported(variables: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """Variables that a program inherits."""
    return {name: value for name, value in variables.items() if name in names}
