"""Messages to token ids: the chat template's markers are special tokens, the users' words never.

A model's answer that spells ``<|im_end|>`` must not end the judge's turn. Each spelling of a
special token inside a message is replaced by a placeholder before the template is rendered and
encoded as ordinary characters afterwards, so the visible text stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from harness.errors import SampleError
from harness.models.chat_format import Think, template_arguments

Message = tuple[str, str]
# Private-use characters: no template or tokenizer gives them a meaning.
_PRIVATE = [chr(code) for code in range(0xE000, 0xF8FF)]


def encode_chat(
    tokenizer: Any, messages: Sequence[Message], think: Think | None = None
) -> list[int]:
    """Token ids of a conversation, ready for the assistant's turn.

    A trailing assistant message is continued rather than closed. The template writes the
    begin-of-text token itself, so the tokenizer adds none.

    Args:
        tokenizer: A tokenizer with a chat template.
        messages: ``(role, text)`` pairs.
        think: Whether the model shall think first; None leaves it to its template.

    Raises:
        SampleError: The model's template refuses these messages.
        ModelReferenceError: The template has no switch for thinking.
    """
    control = _control_tokens(tokenizer)
    spelled = re.compile("|".join(map(re.escape, control.values())) or r"(?!)")
    contents = [text for _, text in messages]
    opener, closer = _unused(contents)
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match[0])
        return f"{opener}{len(hidden) - 1}{closer}"

    safe = [spelled.sub(hide, text) for text in contents]
    arguments = template_arguments(tokenizer, think)
    rendered = _render(tokenizer, [role for role, _ in messages], safe, arguments)
    ids: list[int] = []
    for index, piece in enumerate(re.split(f"{opener}(\\d+){closer}", rendered)):
        if index % 2:
            # One character at a time: no part can be a control token, nor hold a shorter one.
            spelling = [i for char in hidden[int(piece)] for i in _encode(tokenizer, char)]
            ids += [i for i in spelling if i not in control]
        else:
            ids += _encode(tokenizer, piece)
    return ids


def _render(
    tokenizer: Any, roles: list[str], contents: list[str], arguments: dict[str, bool]
) -> str:
    from jinja2 import TemplateError

    chat = [{"role": r, "content": c} for r, c in zip(roles, contents, strict=True)]
    continues = roles[-1:] == ["assistant"]
    try:
        rendered = tokenizer.apply_chat_template(
            chat,
            tokenize=False,
            add_generation_prompt=not continues,
            continue_final_message=continues,
            **arguments,
        )
    except (TemplateError, ValueError) as error:
        raise SampleError(
            f"The model's chat template refuses these messages ({', '.join(roles)}): {error}",
            hint="Some models take no system message, or want user and assistant to alternate.",
        ) from error
    return str(rendered)


def _encode(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False) if text else []
    return ids


@lru_cache(maxsize=8)
def _control_tokens(tokenizer: Any) -> dict[int, str]:
    """Special tokens, and added ones that the chat template writes (``<think>``), longest first.

    Other added tokens (runs of blank lines, HTML tags) are ordinary text to the model.
    """
    template = str(tokenizer.chat_template or "")
    found = {
        index: str(token.content)
        for index, token in tokenizer.added_tokens_decoder.items()
        if token.content.strip() and (token.special or token.content in template)
    }
    return dict(sorted(found.items(), key=lambda item: len(item[1]), reverse=True))


def _unused(contents: list[str]) -> tuple[str, str]:
    used = set().union(*contents)
    free = [char for char in _PRIVATE if char not in used]
    if len(free) < 2:
        raise SampleError("A message uses every private-use character of Unicode.")
    return free[0], free[1]
