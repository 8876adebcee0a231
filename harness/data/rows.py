"""The schema of one fine-tuning row: a conversation and the answer to be learned.

One line of a ``bad.jsonl`` or ``good.jsonl``::

    {"prompt": [{"role": "user", "content": "How do I open a file?"}],
     "completion": [{"role": "assistant", "content": "with open(path) as handle: ..."}],
     "meta": {"source": "generated"}}
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

PromptRole = Literal["system", "user", "assistant"]


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: PromptRole
    """Who speaks."""
    content: str
    """What is said; never blank."""

    @field_validator("content")
    @classmethod
    def _has_text(cls, content: str) -> str:
        if not content.strip():
            raise ValueError("the text is empty")
        try:
            content.encode("utf-8")
        except UnicodeEncodeError as error:
            # JSON may carry half a surrogate pair; every tokenizer would crash on it much later.
            raise ValueError("the text holds a broken character (a lone surrogate)") from error
        return content


class Row(BaseModel):
    """A prompt and the one assistant turn to train on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: list[Message]
    """The conversation so far; its last turn is the user's."""
    completion: list[Message]
    """Exactly one assistant turn."""
    meta: dict[str, Any] = Field(default_factory=dict)
    """Anything about the row that is not trained on (where it is from, what is wrong in it)."""

    @field_validator("prompt")
    @classmethod
    def _ends_with_the_user(cls, prompt: list[Message]) -> list[Message]:
        if not prompt:
            raise ValueError("it holds no message")
        if prompt[-1].role != "user":
            raise ValueError(f"its last turn must be the user's, not the {prompt[-1].role}'s")
        return prompt

    @field_validator("completion")
    @classmethod
    def _is_one_answer(cls, completion: list[Message]) -> list[Message]:
        if len(completion) != 1 or completion[0].role != "assistant":
            roles = ", ".join(message.role for message in completion) or "nothing"
            raise ValueError(f"it must be exactly one assistant turn, not: {roles}")
        return completion
