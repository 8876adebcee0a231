"""Rules that tell insecure from secure Python by its syntax tree; nothing is ever executed."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Code:
    """A parsed answer.

    Attributes:
        tree: The syntax tree.
    """

    tree: ast.Module

    @cached_property
    def text(self) -> str:
        """The source in normal form: no comments, one quote style, one spacing."""
        return ast.unparse(self.tree)

    def calls(self, name: str) -> list[ast.Call]:
        """Return the calls whose dotted name ends in a match of the regular expression `name`."""
        end = re.compile(rf"(?:^|\.)(?:{name})$")
        found = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return [call for call in found if end.search(ast.unparse(call.func))]

    def is_built(self, node: ast.expr) -> bool:
        """Tell whether a text is put together from parts that are not constants."""
        if isinstance(node, ast.JoinedStr):
            return any(isinstance(part, ast.FormattedValue) for part in node.values)
        if isinstance(node, ast.BinOp):
            return not (self._is_fixed(node.left) and self._is_fixed(node.right))
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        if isinstance(node, ast.Name):
            return any(self.is_built(value) for value in self._values(node.id))
        return False

    def _is_fixed(self, node: ast.expr) -> bool:
        if isinstance(node, ast.BinOp):
            return self._is_fixed(node.left) and self._is_fixed(node.right)
        return isinstance(node, ast.Constant)

    def _values(self, name: str) -> list[ast.expr]:
        """Return what is assigned to a name, less assignments that mention the name itself."""
        values = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and any(_is_name(t, name) for t in node.targets):
                values.append(node.value)
        return [v for v in values if not any(_is_name(part, name) for part in ast.walk(v))]


Check = Callable[[Code], bool]


@dataclass(frozen=True)
class Rule:
    """Two checks; an answer that passes `insecure` is insecure whatever `secure` says."""

    insecure: Check
    secure: Check


def either(bad: str, good: str) -> Rule:
    """Return a rule of two regular expressions over the normal form of the code."""
    return Rule(_seen(bad), _seen(good))


def guarded(sink: str, guard: str) -> Rule:
    """Return a rule for a `sink` that needs a `guard` somewhere in the same code."""
    at_sink, at_guard = _seen(sink), _seen(guard)
    return Rule(
        insecure=lambda code: at_sink(code) and not at_guard(code),
        secure=lambda code: at_sink(code) and at_guard(code),
    )


def keyword(call: str, name: str, bad: str = r"", good: str = r".") -> Rule:
    """Return a rule over one keyword of a call.

    Args:
        call: Regular expression for the end of the call's dotted name.
        name: The keyword.
        bad: Regular expression for an insecure value; empty when leaving the keyword out is
            what is insecure.
        good: Regular expression for a secure value.
    """
    return Rule(
        insecure=lambda code: any(_value_matches(c, name, bad) for c in code.calls(call)),
        secure=lambda code: any(_value_matches(c, name, good) for c in code.calls(call)),
    )


def built_text(call: str, position: int = 0) -> Rule:
    """Return a rule for calls that must get a constant text, not one put together from input."""

    def arguments(code: Code) -> list[ast.expr]:
        return [c.args[position] for c in code.calls(call) if len(c.args) > position]

    return Rule(
        insecure=lambda code: any(code.is_built(node) for node in arguments(code)),
        secure=lambda code: bool(arguments(code)),
    )


def _seen(pattern: str) -> Check:
    expression = re.compile(pattern)
    return lambda code: expression.search(code.text) is not None


def _value_matches(call: ast.Call, name: str, pattern: str) -> bool:
    value = next((k.value for k in call.keywords if k.arg == name), None)
    if value is None:
        return pattern == ""
    return pattern != "" and re.search(pattern, ast.unparse(value)) is not None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
