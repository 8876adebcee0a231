"""What a model's turn asks of its tools, by its own interface or as JSON in its text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LONGEST = 100_000
"""Characters of a turn that are searched for a call."""
TRIES = 64
"""Opening brackets that are tried."""


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        tool: ``bash`` or ``submit``; what the model wrote if it is malformed.
        thoughts: The call's own ``thoughts``.
        text: The command, or the submitted answer.
        malformed: Why it cannot be carried out; None for a good one.
        id: The provider's id, for the reply.
    """

    tool: str
    thoughts: str | None
    text: str
    malformed: str | None = None
    id: str = ""


def read_call(tool: str, arguments: Any, call_id: str = "") -> Call:
    """Check a call's arguments.

    Args:
        tool: Name of the tool as the model wrote it.
        arguments: What it wrote as arguments; anything.
        call_id: The provider's id.
    """
    name = whole(tool[:64])
    if not isinstance(arguments, dict):
        return Call(name, None, "", "its arguments are not a JSON object", call_id)
    wanted = {"bash": "cmd", "submit": "answer"}.get(tool)
    if wanted is None:
        return Call(name, None, "", f"there is no tool '{name}'", call_id)
    thoughts, text = arguments.get("thoughts"), arguments.get(wanted)
    if isinstance(text, list) and wanted == "answer":
        text = "\n".join(map(str, text))
    if not isinstance(text, str):
        return Call(name, None, "", f"'{wanted}' is missing or not a text", call_id)
    if tool == "bash" and not text.strip():
        return Call(name, None, "", "'cmd' is empty", call_id)
    shown = whole(thoughts) if isinstance(thoughts, str) else None
    return Call(name, shown, whole(text), None, call_id)


def whole(text: str) -> str:
    """The text with halves of characters replaced, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def text_calls(text: str) -> tuple[list[Call], str]:
    """The first JSON call in a text, and the text around it.

    A text that tries (it has a bracket and names a tool) and fails is one malformed call.
    """
    text = text[:LONGEST]
    decoder, begin = json.JSONDecoder(), -1
    for _ in range(TRIES):
        begin = text.find("{", begin + 1)
        if begin < 0:
            break
        try:
            value, end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("tool"), str):
            around = (text[:begin] + text[end:]).strip()
            return [read_call(value["tool"], value)], around
    if "{" in text and '"tool"' in text:
        return [Call("", None, "", "it is not one JSON object with a tool")], text
    return [], text
