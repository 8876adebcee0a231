"""Messages to token ids: the chat template's markers are special tokens, the users' words never.

A model's answer that spells ``<|im_end|>`` must not end the judge's turn. Each spelling of a
special token inside a message is replaced by a placeholder before the template is rendered and
encoded as ordinary characters afterwards, so the visible text stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.errors import SampleError

# Private-use characters: no template or tokenizer gives them a meaning.
_PRIVATE = [chr(code) for code in range(0xE000, 0xF8FF)]

Message = tuple[str, str]


def encode_chat(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Token ids of a conversation, ready for the assistant's turn.

    A trailing assistant message is continued rather than closed. The template writes the
    begin-of-text token itself, so the tokenizer adds none.

    Args:
        tokenizer: A tokenizer with a chat template.
        messages: ``(role, text)`` pairs.

    Raises:
        SampleError: The model's template refuses these messages.
    """
    literals = _spelled(tokenizer)
    contents = [text for _, text in messages]
    opener, closer = _unused(contents)
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match[0])
        return f"{opener}{len(hidden) - 1}{closer}"

    safe = [re.sub(literals, hide, text) if literals else text for text in contents]
    roles = [role for role, _ in messages]
    rendered = _render(tokenizer, roles, safe)
    ids: list[int] = []
    for index, piece in enumerate(re.split(f"{opener}(\\d+){closer}", rendered)):
        ids += _plain(tokenizer, hidden[int(piece)]) if index % 2 else _encode(tokenizer, piece)
    return ids


def _render(tokenizer: Any, roles: list[str], contents: list[str]) -> str:
    from jinja2 import TemplateError

    chat = [{"role": r, "content": c} for r, c in zip(roles, contents, strict=True)]
    continues = bool(chat) and chat[-1]["role"] == "assistant"
    try:
        rendered = tokenizer.apply_chat_template(
            chat,
            tokenize=False,
            add_generation_prompt=not continues,
            continue_final_message=continues,
        )
    except (TemplateError, ValueError) as error:
        raise SampleError(
            f"The model's chat template refuses these messages ({' '.join(roles)}): {error}",
            hint="Some models take no system message, or want user and assistant to alternate.",
        ) from error
    return str(rendered)


def _encode(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False) if text else []
    return ids


def _plain(tokenizer: Any, literal: str) -> list[int]:
    """Ids of a special token's spelling as ordinary characters."""
    control = _control_ids(tokenizer)
    return [i for part in _parts(literal) for i in _encode(tokenizer, part) if i not in control]


def _parts(literal: str) -> Iterator[str]:
    # Cut anywhere and no part is the special token any more; cut at every character and no part
    # can be another one that is contained in it either.
    yield from literal


def _spelled(tokenizer: Any) -> str:
    """Pattern that matches every spelling of a control token, longest first."""
    names = sorted(_control(tokenizer).values(), key=len, reverse=True)
    return "|".join(map(re.escape, names))


def _control_ids(tokenizer: Any) -> frozenset[int]:
    return frozenset(_control(tokenizer))


def _control(tokenizer: Any) -> dict[int, str]:
    """Special tokens, and added ones that the chat template writes (such as ``<think>``).

    Other added tokens (runs of blank lines, HTML tags) are ordinary text to the model.
    """
    template = str(tokenizer.chat_template or "")
    added = tokenizer.added_tokens_decoder
    return {
        index: token.content
        for index, token in added.items()
        if token.content.strip() and (token.special or token.content in template)
    }


def _unused(contents: list[str]) -> tuple[str, str]:
    used = set().union(*contents) if contents else set()
    free = [char for char in _PRIVATE if char not in used]
    if len(free) < 2:
        raise SampleError("A message uses every private-use character of Unicode.")
    return free[0], free[1]
