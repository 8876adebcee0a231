"""Regular expressions for ``grep`` and ``sed`` whose time is bounded, and shell wildcards.

Python's own matcher goes back and tries again: a few characters written by a model could keep it
busy for years. Here a set of states walks the text once (Thompson 1968, CACM 11:419), so the time
is the length of the text times that of the pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST = 256
"""Characters of a pattern."""
VISITS = 150
"""Visits to a state that cost as much as one command."""
_CLASSES = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "space": str.isspace,
    "upper": str.isupper,
    "lower": str.islower,
    "punct": lambda c: not c.isalnum() and c.isprintable() and not c.isspace(),
}
_ESCAPES: dict[str, Callable[[str], bool]] = {
    "w": lambda c: c.isalnum() or c == "_",
    "W": lambda c: not (c.isalnum() or c == "_"),
    "s": str.isspace,
    "S": lambda c: not c.isspace(),
    "d": str.isdigit,
}


class PatternError(Exception):
    """The pattern is malformed."""


class UnsupportedPatternError(Exception):
    """The pattern uses what this matcher lacks (back-references, counted repeats)."""


class Span(NamedTuple):
    """Where a match lies."""

    start: int
    end: int


@dataclass(eq=False)
class _State:
    test: Callable[[str], bool] | None = None
    anchor: str | None = None
    following: list[_State] = field(default_factory=list)


class _Fragment(NamedTuple):
    start: _State
    end: _State


class Pattern:
    """One compiled pattern; matches are leftmost and longest, as POSIX asks.

    Args of the constructor: the pattern, whether it is an extended one (``grep -E``), whether case
    is ignored, and whom to tell what the work costs.
    """

    def __init__(
        self,
        text: str,
        *,
        extended: bool = False,
        ignore_case: bool = False,
        spend: Callable[[float], None] = lambda work: None,
    ) -> None:
        """Compile.

        Raises:
            PatternError: It is malformed or too long.
            UnsupportedPatternError: It needs what is lacking here.
        """
        if len(text) > LONGEST:
            raise PatternError("Regular expression too big")
        self._fold = ignore_case
        self._spend = spend
        made = _Compiler(text.lower() if ignore_case else text, extended).compile()
        self._start, self._end = made

    def search(self, text: str, begin: int = 0) -> Span | None:
        """First match at or after ``begin``."""
        if self._fold:
            text = text.lower()
        for start in range(begin, len(text) + 1):
            end = self._longest(text, start)
            if end is not None:
                return Span(start, end)
        return None

    def _longest(self, text: str, start: int) -> int | None:
        states, found = self._reach([self._start], text, start), None
        place = start
        while True:
            if self._end in states:
                found = place
            if place == len(text) or not states:
                return found
            following = [
                after
                for state in states
                if state.test is not None and state.test(text[place])
                for after in state.following
            ]
            place += 1
            states = self._reach(following, text, place)

    def _reach(self, states: list[_State], text: str, place: int) -> set[_State]:
        seen: set[_State] = set()
        todo = list(states)
        while todo:
            state = todo.pop()
            if state in seen:
                continue
            seen.add(state)
            if state.test is not None:
                continue
            if (state.anchor == "^" and place != 0) or (state.anchor == "$" and place != len(text)):
                continue
            todo += state.following
        self._spend((len(seen) + 1) / VISITS)
        return seen


class _Compiler:
    def __init__(self, text: str, extended: bool) -> None:
        self._text, self._at, self._extended = text, 0, extended
        self._depth = 0

    def compile(self) -> _Fragment:
        made = self._choice()
        if self._at < len(self._text):
            raise PatternError("Unmatched ) or \\)")
        return made

    def _choice(self) -> _Fragment:
        self._depth += 1
        if self._depth > 20:
            raise PatternError("Regular expression too big")
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        self._depth -= 1
        start, end = _State(), _State()
        for option in options:
            start.following.append(option.start)
            option.end.following.append(end)
        return _Fragment(start, end)

    def _sequence(self) -> _Fragment:
        start = end = _State()
        first = True
        while self._at < len(self._text) and not self._ahead("|") and not self._ahead(")"):
            piece = self._repeated(first)
            end.following.append(piece.start)
            end, first = piece.end, False
        return _Fragment(start, end)

    def _repeated(self, first: bool) -> _Fragment:
        piece = self._one(first)
        while self._at < len(self._text):
            if self._text[self._at] == "*":
                self._at += 1
                piece = _loop(piece, least=0)
            elif self._take("+"):
                piece = _loop(piece, least=1)
            elif self._take("?"):
                start, end = _State(), _State()
                start.following += [piece.start, end]
                piece.end.following.append(end)
                piece = _Fragment(start, end)
            elif self._ahead("{"):
                raise UnsupportedPatternError("counted repeats")
            else:
                break
        return piece

    def _one(self, first: bool) -> _Fragment:
        if self._take("("):
            made = self._choice()
            if not self._take(")"):
                raise PatternError("Unmatched ( or \\(")
            return made
        char = self._text[self._at]
        self._at += 1
        if char == ".":
            return _single(lambda c: c != "\n")
        if char == "[":
            return _single(self._set())
        if (char == "^" and (first or self._extended)) or (char == "$" and self._last()):
            return _anchor(char)
        if char == "*" and not first:
            raise PatternError("Invalid preceding regular expression")
        if char == "\\":
            if self._at == len(self._text):
                raise PatternError("Trailing backslash")
            char = self._text[self._at]
            self._at += 1
            if char.isdigit() or char in "bB<>":
                raise UnsupportedPatternError(f"\\{char}")
            if char in _ESCAPES:
                return _single(_ESCAPES[char])
            char = {"n": "\n", "t": "\t"}.get(char, char)
        return _single(char.__eq__)

    def _last(self) -> bool:
        return self._at == len(self._text) or self._ahead(")") or self._ahead("|")

    def _ahead(self, sign: str) -> bool:
        written = sign if self._extended else "\\" + sign
        return self._text.startswith(written, self._at)

    def _take(self, sign: str) -> bool:
        if not self._ahead(sign):
            return False
        self._at += 1 if self._extended else 2
        return True

    def _set(self) -> Callable[[str], bool]:
        inverse = self._text.startswith("^", self._at)
        self._at += inverse
        tests: list[Callable[[str], bool]] = []
        begun = self._at
        while True:
            if self._at >= len(self._text):
                raise PatternError("Unmatched [, [^, [:, [., or [=")
            char = self._text[self._at]
            if char == "]" and self._at > begun:
                self._at += 1
                break
            if self._text.startswith("[:", self._at):
                name, closed, _ = self._text[self._at + 2 :].partition(":]")
                if not closed or name not in _CLASSES:
                    raise PatternError("Invalid character class name")
                tests.append(_CLASSES[name])
                self._at += len(name) + 4
            elif self._text[self._at + 1 : self._at + 2] == "-" and self._text[
                self._at + 2 : self._at + 3
            ] not in ("", "]"):
                tests.append(_between(char, self._text[self._at + 2]))
                self._at += 3
            else:
                tests.append(char.__eq__)
                self._at += 1
        return lambda c: any(test(c) for test in tests) != inverse


def _between(low: str, high: str) -> Callable[[str], bool]:
    return lambda c: low <= c <= high


def _single(test: Callable[[str], bool]) -> _Fragment:
    end = _State()
    return _Fragment(_State(test=test, following=[end]), end)


def _anchor(sign: str) -> _Fragment:
    end = _State()
    return _Fragment(_State(anchor=sign, following=[end]), end)


def _loop(piece: _Fragment, least: int) -> _Fragment:
    start, end = _State(), _State()
    start.following.append(piece.start)
    if least == 0:
        start.following.append(end)
    piece.end.following += [piece.start, end]
    return _Fragment(start, end)


def wildcard(pattern: str, name: str) -> bool:
    """Whether a shell wildcard (``*``, ``?``) fits a name; never goes back further than one star.

    Sets in brackets are not known and stand for themselves.
    """
    at = spot = 0
    star, resume = -1, 0
    while spot < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, spot
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", name[spot]):
            at, spot = at + 1, spot + 1
        elif star >= 0:
            resume += 1
            at, spot = star + 1, resume
        else:
            return False
    return all(sign == "*" for sign in pattern[at:])
