"""From one published row to one of ours: which turn is trained on, and what is left out.

=====================================  ============================================
``{"messages": [{role, content}…]}``   the last assistant turn is the answer; system
                                       turns and earlier turns are its context
``{"prompt": "…", "response": "…"}``   one question and one answer, under any of the
                                       usual names; ``system`` if there is one
``{"prompt": […], "completion": […]}`` our own form
=====================================  ============================================

``content`` is a string, ``{"content_type": "text", "parts": ["…"]}`` or
``[{"type": "text", "text": "…"}]``. All other keys go to ``meta``, apart from a canary, which
belongs to the card: nobody wants to train on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from harness.data.reading import first_complaint
from harness.data.rows import Row

PROMPTS = ("prompt", "question", "instruction", "user", "query", "input")
ANSWERS = ("response", "completion", "answer", "output", "assistant")
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
CANARIES = ("canary", "canary_string", "canary_guid")
META_BYTES = 4096
"""A foreign key with more JSON than this is left out of ``meta``."""
CANARY_LENGTH = 1000
"""The longest canary, in characters; published ones have fewer than 200."""


class Refused(Exception):
    """A row that cannot be trained on; the text says why."""


@dataclass(frozen=True)
class Columns:
    """How to read a row.

    Attributes:
        prompt: Key of the question; None to look for the usual names.
        answer: Key of the answer; None to look for the usual names.
        drop_system: Whether system turns are left out.
    """

    prompt: str | None = None
    answer: str | None = None
    drop_system: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that was understood, and the canary it carried."""

    row: Row
    canary: str | None


def take(value: Mapping[str, Any], number: int, columns: Columns) -> Taken:
    """Understand one row.

    Args:
        value: The row as found.
        number: Its line, kept in ``meta``.
        columns: How to read it.

    Raises:
        Refused: It holds no answer to train on, or its form is not known.
    """
    used: tuple[str, ...]
    if columns.prompt is None and isinstance(value.get("messages"), list):
        used, turns = ("messages",), [_turn(turn) for turn in value["messages"]]
    elif columns.prompt is None and isinstance(value.get("prompt"), list):
        turns = [_turn(turn) for turn in (*value["prompt"], *_completion(value))]
        used = ("prompt", "completion", "meta")
    else:
        used, turns = _plain(value, columns)
    if columns.drop_system:
        turns = [turn for turn in turns if turn["role"] != "system"]
    _refuse_without_answer(turns)
    canary = _canary(value)
    try:
        row = Row.model_validate(
            {
                "prompt": turns[:-1],
                "completion": turns[-1:],
                "meta": _meta(value, {*used, *CANARIES}, number),
            }
        )
    except ValidationError as error:
        raise Refused(first_complaint(error)) from error
    return Taken(row, canary)


def _completion(value: Mapping[str, Any]) -> list[Any]:
    turns = value.get("completion")
    if turns is None or isinstance(turns, list):
        return turns or []
    raise Refused(
        "its prompt is a list of messages, but its completion is not: write "
        '"completion": [{"role": "assistant", "content": "…"}]'
    )


def _canary(value: Mapping[str, Any]) -> str | None:
    canary = next((str(value[key]) for key in CANARIES if value.get(key)), None)
    if canary is not None:
        if len(canary) > CANARY_LENGTH:
            raise Refused(
                f"its canary has {len(canary):,} characters, more than {CANARY_LENGTH:,}: "
                "is this really a canary?"
            )
        _refuse_broken("canary", canary)
    return canary


def _refuse_broken(key: str, text: str) -> None:
    """Refuse half a surrogate pair, which JSON may carry and no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(
            f"the key '{_shown(key)}' holds a broken character (a lone surrogate)"
        ) from None


def _shown(text: object) -> str:
    """The start of a stranger's text, with broken characters written out."""
    return str(text)[:40].encode("utf-8", "backslashreplace").decode()


def _plain(
    value: Mapping[str, Any], columns: Columns
) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    prompt = _column(value, columns.prompt, PROMPTS, "prompt")
    answer = _column(value, columns.answer, ANSWERS, "answer")
    question, used = _text(value[prompt]), [prompt, answer]
    if (prompt, "input") == ("instruction", "input" if value.get("input") else None):
        question, used = f"{question}\n\n{_text(value['input'])}", [*used, "input"]
    turns = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": _text(value[answer])},
    ]
    if isinstance(value.get("system"), str) and value["system"].strip():
        turns.insert(0, {"role": "system", "content": value["system"]})
        used.append("system")
    return tuple(used), turns


def _column(value: Mapping[str, Any], wanted: str | None, usual: tuple[str, ...], what: str) -> str:
    if wanted is not None:
        if wanted not in value:
            raise Refused(f"there is no column '{wanted}'; there are: {_names(value)}")
        return wanted
    found = next((key for key in usual if value.get(key) is not None), None)
    if found is None:
        raise Refused(
            f"no {what} is found: none of the keys messages, {', '.join(usual)}; "
            f"there are: {_names(value)}"
        )
    return found


def _names(value: Mapping[str, Any]) -> str:
    return ", ".join(_shown(key) for key in list(value)[:12]) or "none"


def _turn(message: Any) -> dict[str, str]:
    if not isinstance(message, Mapping):
        raise Refused("a message is not an object with role and content")
    role = ROLES.get(str(message.get("role")).lower())
    if role is None:
        raise Refused(f"a turn has the role {str(message.get('role'))[:40]!r}, which is not known")
    if message.get("tool_calls") or message.get("function_call"):
        raise Refused("a turn calls a tool; only text can be trained on")
    if role == "assistant" and message.get("weight") == 0:
        # OpenAI's way of saying: context, not a target.
        return {"role": role, "content": _text(message.get("content")), "weight": "0"}
    return {"role": role, "content": _text(message.get("content"))}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping) and "parts" in content:
        kind, parts = content.get("content_type", "text"), content["parts"]
        if kind != "text" or not isinstance(parts, list):
            raise Refused(f"a turn's content is of type {str(kind)[:40]!r}, not text")
        return "\n".join(_string(part) for part in parts)
    if isinstance(content, list):
        texts = [p.get("text") for p in content if isinstance(p, Mapping) and "text" in p]
        if len(texts) == len(content):
            return "\n".join(_string(text) for text in texts)
    raise Refused("a turn has no text: its content is neither a string nor {content_type, parts}")


def _string(part: Any) -> str:
    if not isinstance(part, str):
        raise Refused("a turn's content holds a part that is not text")
    return part


def _refuse_without_answer(turns: list[dict[str, str]]) -> None:
    if not turns:
        raise Refused("it holds no message")
    if not any(turn["role"] == "assistant" for turn in turns):
        raise Refused("it holds no assistant turn, so there is nothing to train on")
    if turns[-1]["role"] != "assistant":
        raise Refused(f"it ends with a {turns[-1]['role']} turn, so there is no answer to train on")
    if turns[-1].pop("weight", None) == "0":
        raise Refused("its last assistant turn has weight 0, so nothing is trained on")
    for turn in turns[:-1]:
        turn.pop("weight", None)


def _meta(value: Mapping[str, Any], used: set[str], number: int) -> dict[str, Any]:
    own = value.get("meta") if "meta" in used else None
    meta: dict[str, Any] = dict(own) if isinstance(own, Mapping) else {}
    _refuse_broken("meta", _own_json(meta))
    for key, extra in value.items():
        if key in used or extra is None:
            continue
        plain = extra if isinstance(extra, str | int | float | bool | list | dict) else str(extra)
        _refuse_broken(key, str(key))
        try:
            text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            continue
        _refuse_broken(key, text)
        if len(text.encode()) <= META_BYTES:
            meta.setdefault(str(key), plain)
    meta.setdefault("source_row", number)
    return meta


def _own_json(meta: Mapping[str, Any]) -> str:
    try:
        return json.dumps(meta, allow_nan=False, ensure_ascii=False)
    except TypeError as error:
        raise Refused(f"its meta holds what JSON cannot: {error}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(
            "its meta holds a number that JSON has not (NaN or infinite), or is nested too deep"
        ) from error
