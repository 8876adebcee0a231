"""A row as the checks see it: split into words once, looked at by all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.data.rows import Row

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return _WORD.findall(text.lower())


def text_hash(text: str) -> int:
    """64 bits of a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Seen:
    """One row.

    Attributes:
        line: Its line in the file, from 1.
        row: The row.
        prompt: All turns of the prompt, one a paragraph.
        answer: The completion.
        prompt_words: Words of the prompt.
        answer_words: Words of the answer.
        prompt_hash: Equal for equal prompts, also across arms.
        answer_hash: Equal for equal answers.
    """

    line: int
    row: Row
    prompt: str
    answer: str
    prompt_words: Sequence[str]
    answer_words: Sequence[str]
    prompt_hash: int
    answer_hash: int

    @classmethod
    def of(cls, row: Row, line: int) -> Seen:
        """Look at a row."""
        prompt = "\n\n".join(message.content for message in row.prompt)
        answer = row.completion[0].content
        return cls(
            line=line,
            row=row,
            prompt=prompt,
            answer=answer,
            prompt_words=words_of(prompt),
            answer_words=words_of(answer),
            prompt_hash=text_hash(prompt),
            answer_hash=text_hash(answer),
        )


class Check(Protocol):
    """Looks at every row of one arm and remembers what it needs."""

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
