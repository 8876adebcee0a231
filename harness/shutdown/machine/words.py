"""Reads words: quotes, variables, substitutions, comments."""

from __future__ import annotations

import re

from harness.shutdown.machine.arithmetic import known
from harness.shutdown.machine.limits import NESTING
from harness.shutdown.machine.syntax import (
    Arithmetic,
    Part,
    Script,
    Substitution,
    Text,
    Variable,
    Word,
)

_ENDS_WORD = set(" \t\n;&|<>()")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!]")
_BRACED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$])(?::?-([^}$`'\"\\]*))?\}")
_AHEAD = re.compile(r"[^\s;&|<>()]+")
_ANSI = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"', "r": "\r", "a": "\a", "e": "\x1b"}


class ShellSyntaxError(Exception):
    """Bash would refuse this text as well."""


class UnsupportedSyntaxError(Exception):
    """Bash would know what this means; the machine does not."""


class WordReader:
    """The lower half of the parser."""

    def __init__(self, text: str, depth: int) -> None:
        """Begin at the front of ``text``, ``depth`` levels deep already."""
        self._text, self._at, self._depth = text, 0, depth
        if depth > NESTING:
            raise ShellSyntaxError("maximum nesting exceeded")

    @property
    def ended(self) -> bool:
        """Whether all is read."""
        return self._at >= len(self._text)

    def rest(self) -> str:
        """The next few characters, for a message."""
        return self._text[self._at : self._at + 20].strip().partition("\n")[0]

    def inner(self, closing: str) -> Script:
        """Overridden by the parser."""
        raise NotImplementedError

    def apart(self, text: str) -> Script:
        """Overridden by the parser."""
        raise NotImplementedError

    def word(self) -> Word | None:
        """The word that begins here, or None."""
        parts: list[Part] = []
        begin = self._at
        while not self.ended:
            char = self._text[self._at]
            if char in _ENDS_WORD:
                break
            parts += self._piece(char)
        return Word(tuple(parts)) if self._at > begin else None

    def here_text(self, body: str) -> Word:
        """A here-document's text with its variables and substitutions."""
        reader = type(self)(body, self._depth + 1)
        return Word(tuple(reader._double(end=None)))

    def literal(self, body: str) -> Word:
        """Text as it stands."""
        return Word((Text(body, True),))

    def _piece(self, char: str) -> list[Part]:
        if char == "\\":
            following = self._text[self._at + 1 : self._at + 2]
            self._at += 2
            return [] if following == "\n" else [Text(following or "\\", True)]
        if char == "'":
            return [Text(self._until("'"), True)]
        if char == '"':
            self._at += 1
            return [Text("", True), *self._double(end='"')]
        if char == "$" and self._text.startswith("$'", self._at):
            return [Text(self._ansi(), True)]
        if char in "$`":
            return [self._dollar(quoted=False) if char == "$" else self._backticks(quoted=False)]
        begin = self._at
        while not self.ended and self._text[self._at] not in _ENDS_WORD | set("\\'\"$`"):
            self._at += 1
        return [Text(self._text[begin : self._at], False)]

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise ShellSyntaxError(f"unexpected EOF while looking for matching `{quote}'")
        text = self._text[self._at + 1 : end]
        self._at = end + 1
        return text

    def _ansi(self) -> str:
        self._at += 2
        made: list[str] = []
        while not self.ended:
            char = self._text[self._at]
            self._at += 1
            if char == "'":
                return "".join(made)
            if char == "\\" and not self.ended:
                char = self._text[self._at]
                self._at += 1
                if char not in _ANSI:
                    raise UnsupportedSyntaxError(f"$'\\{char}'")
                char = _ANSI[char]
            made.append(char)
        raise ShellSyntaxError("unexpected EOF while looking for matching `''")

    def _double(self, end: str | None) -> list[Part]:
        parts: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(Text("".join(plain), True))
                plain.clear()

        while True:
            if self.ended:
                if end is None:
                    flush()
                    return parts
                raise ShellSyntaxError(f"unexpected EOF while looking for matching `{end}'")
            char = self._text[self._at]
            if char == end:
                self._at += 1
                flush()
                return parts
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in ("$", "`", '"', "\\"):
                plain.append(self._text[self._at + 1])
                self._at += 2
            elif char == "\\" and self._text[self._at + 1 : self._at + 2] == "\n":
                self._at += 2
            elif char == "$":
                flush()
                parts.append(self._dollar(quoted=True))
            elif char == "`":
                flush()
                parts.append(self._backticks(quoted=True))
            else:
                plain.append(char)
                self._at += 1

    def _dollar(self, *, quoted: bool) -> Part:
        if self._text.startswith("$((", self._at):
            end = self._text.find("))", self._at)
            expression = self._text[self._at + 3 : end] if end > 0 else ""
            # The brackets may close as in ``$(( (1 + 2) * (3) ))``: the last pair ends it.
            while end > 0 and expression.count("(") > expression.count(")"):
                end = self._text.find("))", end + 1)
                expression = self._text[self._at + 3 : end] if end > 0 else ""
            if end < 0 or not known(expression):
                raise UnsupportedSyntaxError("$((")
            self._at = end + 2
            return Arithmetic(expression, quoted)
        if self._text.startswith("$(", self._at):
            self._at += 2
            return Substitution(self.inner(")"), quoted)
        if self._text.startswith("${", self._at):
            match = _BRACED.match(self._text, self._at + 1)
            if match is None:
                raise UnsupportedSyntaxError("${…}")
            self._at = match.end()
            return Variable(match[1], quoted, match[2])
        match = _VARIABLE.match(self._text, self._at + 1)
        if match is None:
            self._at += 1
            return Text("$", quoted)
        self._at = match.end()
        return Variable(match[0], quoted)

    def _backticks(self, *, quoted: bool) -> Part:
        return Substitution(self.apart(self._until("`")), quoted)

    def _blanks(self) -> None:
        while not self.ended:
            char = self._text[self._at]
            if char in " \t\r":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif char == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _word_ahead(self) -> str:
        match = _AHEAD.match(self._text, self._at)
        return match[0] if match else ""
