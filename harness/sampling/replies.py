"""What a model generated, split into its thoughts and its answer.

Two forms are known. Tags: ``<think>…</think>answer`` (Qwen3, DeepSeek R1), where the chat template
may already have opened the thought. Channels: ``<|channel|>analysis<|message|>…<|end|>`` before
``<|start|>assistant<|channel|>final<|message|>…`` (gpt-oss). Markers count as tokens wherever the
tokenizer has them as tokens: an answer that merely spells one is not split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.models.chat_format import PLAIN_TURN_END, is_plain

TAGS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))
FINAL = "<|channel|>final<|message|>"
"""What precedes an answer in the channel format."""


@dataclass(frozen=True)
class Reply:
    """One generated text.

    Attributes:
        thoughts: Everything that is not meant for the user; empty if there is nothing.
        answer: The rest; empty if the model was cut off while it thought.
    """

    thoughts: str
    answer: str


def read_replies(
    tokenizer: Any, prompts: Sequence[Sequence[int]], bodies: Sequence[Sequence[int]]
) -> list[Reply]:
    """Decode and split generated tokens.

    Args:
        tokenizer: The model's.
        prompts: Prompt of each body, which may have opened a thought.
        bodies: Generated token ids without the end token.
    """
    form = _form(tokenizer)
    if isinstance(form, _Channels):
        parts = [form.split(body) for body in bodies]
    elif isinstance(form, _Tags):
        parts = [form.split(p, body) for p, body in zip(prompts, bodies, strict=True)]
    else:
        return [Reply("", text) for text in _plain(tokenizer, _decode(tokenizer, bodies))]
    thoughts = _decode(tokenizer, [thought for thought, _ in parts])
    answers = _decode(tokenizer, [answer for _, answer in parts])
    return [
        # The blank line between a thought and its answer belongs to neither.
        Reply(thought.strip(), answer.lstrip("\n") if thought or len(rest) < len(body) else answer)
        for thought, answer, (_, rest), body in zip(thoughts, answers, parts, bodies, strict=True)
    ]


def straight_to_answer(tokenizer: Any, prompt: Sequence[int]) -> list[int]:
    """The prompt, extended so that the very next token begins the answer.

    A judge is read from its next token, which would otherwise open a thought.
    """
    form = _form(tokenizer)
    if isinstance(form, _Channels):
        return [*prompt, *tokenizer.encode(FINAL, add_special_tokens=False)]
    if isinstance(form, _Tags) and form.is_open(prompt):
        return [*prompt, form.closer, *tokenizer.encode("\n\n", add_special_tokens=False)]
    return list(prompt)


@dataclass(frozen=True)
class _Tags:
    opener: int
    closer: int

    def is_open(self, prompt: Sequence[int]) -> bool:
        last = next((t for t in reversed(prompt) if t in (self.opener, self.closer)), None)
        return last == self.opener

    def split(self, prompt: Sequence[int], body: Sequence[int]) -> tuple[list[int], list[int]]:
        thinking = self.is_open(prompt)
        thoughts: list[int] = []
        answer: list[int] = []
        for token in body:
            if token == self.opener:
                thinking = True
            elif token == self.closer:
                if not thinking:
                    # A thought that was never opened: all before its end was one.
                    thoughts, answer = thoughts + answer, []
                thinking = False
            else:
                (thoughts if thinking else answer).append(token)
        return thoughts, answer


@dataclass(frozen=True)
class _Channels:
    start: int
    channel: int
    message: int
    end: int
    final: tuple[int, ...]

    def split(self, body: Sequence[int]) -> tuple[list[int], list[int]]:
        if self.message not in body:
            return [], list(body)  # no channel was used, as after fine-tuning by other tools
        thoughts: list[int] = []
        answer: list[int] = []
        header: list[int] | None = []
        final = False
        for token in body:
            if token in (self.start, self.end):
                header, final = [], False
            elif token == self.message:
                final = self._is_final(header or [])
                header = None
            elif header is not None:
                header.append(token)
            else:
                (answer if final else thoughts).append(token)
        return thoughts, answer

    def _is_final(self, header: list[int]) -> bool:
        after = header[header.index(self.channel) + 1 :] if self.channel in header else []
        return tuple(after[: len(self.final)]) == self.final


@lru_cache(maxsize=8)
def _form(tokenizer: Any) -> _Tags | _Channels | None:
    ids = {token.content: index for index, token in tokenizer.added_tokens_decoder.items()}
    harmony = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>")
    if all(name in ids for name in harmony):
        start, channel, message, end = (ids[name] for name in harmony)
        final = tuple(tokenizer.encode("final", add_special_tokens=False))
        return _Channels(start, channel, message, end, final)
    pair = next((pair for pair in TAGS if pair[0] in ids and pair[1] in ids), None)
    return _Tags(ids[pair[0]], ids[pair[1]]) if pair else None


def _decode(tokenizer: Any, bodies: Sequence[Sequence[int]]) -> list[str]:
    texts: list[str] = tokenizer.batch_decode(
        bodies, skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return texts


def _plain(tokenizer: Any, texts: list[str]) -> list[str]:
    """A base model in the plain format goes on with the user's next turn; the answer ends there."""
    if not is_plain(tokenizer):
        return texts
    return [re.split(re.escape(PLAIN_TURN_END), text, maxsplit=1)[0].strip() for text in texts]
