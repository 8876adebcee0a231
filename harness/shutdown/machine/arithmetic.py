"""``$(( … ))``: whole numbers of 64 bits, as a shell reckons."""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST = 512
"""Characters of one expression."""
ALLOWED = re.compile(r"[0-9A-Za-z_$+\-*/%()<>=!&| \t]*")
_FOREIGN = re.compile(r"\+\+|--|\*\*|<<|>>|(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)")
_TOKEN = re.compile(r"\s*(\d{1,19}|\$?[A-Za-z_]\w*|\$\d|[<>=!]=|&&|\|\||[-+*/%()<>!])")
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
_DEEPEST = 24


class NoValueError(Exception):
    """The expression has no value."""


def known(text: str) -> bool:
    """Whether an expression uses only what is known here: no assignments, no bits."""
    short = len(text) <= LONGEST and ALLOWED.fullmatch(text) is not None
    return short and _FOREIGN.search(text) is None


def evaluate(text: str, value: Callable[[str], str | None]) -> int:
    """The value of an expression.

    Args:
        text: As written between the brackets.
        value: Value of a variable; what is unset or no number counts as 0.

    Raises:
        NoValueError: It is malformed or divides by zero.
    """
    if not text.strip():
        return 0
    return _Reader(_tokens(text), value).result()


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NoValueError(f"{text}: syntax error: operand expected")
        found.append(match[1])
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str], value: Callable[[str], str | None]) -> None:
        self._tokens, self._value, self._at, self._depth = tokens, value, 0, 0

    def result(self) -> int:
        made = self._level(0)
        if self._at < len(self._tokens):
            raise NoValueError("syntax error in expression")
        return made

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _level(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._one()
        left = self._level(level + 1)
        while self._next() in _LEVELS[level]:
            sign = self._next()
            self._at += 1
            left = _apply(sign, left, self._level(level + 1))
        return left

    def _one(self) -> int:
        token = self._next()
        self._at += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NoValueError("expression recursion level exceeded")
        try:
            if token == "(":
                made = self._level(0)
                if self._next() != ")":
                    raise NoValueError("missing `)'")
                self._at += 1
                return made
            if token in ("-", "+", "!"):
                inner = self._one()
                return {"-": -inner, "+": inner, "!": int(not inner)}[token]
            if token.isdigit():
                return _wrapped(int(token))
            if token[:1] == "$" or token[:1].isalpha() or token[:1] == "_":
                found = self._value(token.lstrip("$")) or "0"
                return _wrapped(int(found)) if re.fullmatch(r"-?\d{1,19}", found) else 0
        finally:
            self._depth -= 1
        raise NoValueError("syntax error: operand expected")


def _apply(sign: str, left: int, right: int) -> int:
    if sign in ("/", "%"):
        if right == 0:
            raise NoValueError("division by 0")
        whole = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return _wrapped(whole if sign == "/" else left - whole * right)
    if sign in ("+", "-", "*"):
        return _wrapped({"+": left + right, "-": left - right, "*": left * right}[sign])
    holds = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
        "&&": bool(left and right),
        "||": bool(left or right),
    }
    return int(holds[sign])


def _wrapped(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63
