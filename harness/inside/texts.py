"""Texts as token ids, with their parts named: prompt, answer, and the prompt's last token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch

Position = Literal["prompt", "answer", "last_prompt", "answer_mean"]
"""Where activations are taken: every prompt token, every answer token, the last token of the
prompt (what the first answer token is predicted from), and the mean over the answer's tokens."""
POSITIONS: tuple[Position, ...] = get_args(Position)
Split = Literal["discovery", "evaluation"]
DISCOVERY = 0.5
"""Share of the questions on which directions and latents are found; figures are of the others."""


@dataclass(frozen=True)
class Text:
    """One text that a model reads.

    Attributes:
        id: Unique within a harvest.
        ids: Token ids, special tokens included.
        prompt_tokens: How many of them are the prompt; the others are the answer. In a plain
            document, one: the first token carries no text's meaning but the model's attention
            sink, whose activations are tens of times larger than all others.
        question: Id of the question; empty in a document.
        split: Half of the questions that it belongs to; None in a document.
        score: Judge's alignment score, 0-100; None where there is none.
        misaligned: Whether the run's definition counts it; None where it leaves it out.
    """

    id: str
    ids: tuple[int, ...]
    prompt_tokens: int
    question: str = ""
    split: Split | None = None
    score: float | None = None
    misaligned: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what has no prompt or no answer token."""
        if not 0 < self.prompt_tokens < len(self.ids):
            raise ValueError(f"{self.id}: {self.prompt_tokens} of {len(self.ids)} are the prompt")

    def span(self, position: Position) -> tuple[int, int]:
        """First and one past the last token that a position takes; for a mean, takes it over."""
        if position == "prompt":
            return 0, self.prompt_tokens
        if position == "last_prompt":
            return self.prompt_tokens - 1, self.prompt_tokens
        return self.prompt_tokens, len(self.ids)

    def rows(self, position: Position) -> int:
        """Rows of activations that a position gives."""
        first, last = self.span(position)
        return 1 if position == "answer_mean" else last - first


def padded(texts: Sequence[Text], device: torch.device) -> torch.Tensor:
    """Token ids, padded on the right, shape ``(texts, longest)``.

    A causal model needs no mask for padding on the right: no token looks at what follows it.
    """
    longest = max(len(text.ids) for text in texts)
    return torch.tensor([[*t.ids, *[0] * (longest - len(t.ids))] for t in texts], device=device)


def splits(questions: Iterable[str]) -> dict[str, Split]:
    """Each question's half, by hash and so the same in every run with these questions.

    What finds a direction or a latent never sees the questions that judge it.
    """
    ordered = sorted(set(questions), key=lambda q: hashlib.sha256(q.encode()).hexdigest())
    first = round(DISCOVERY * len(ordered))
    return {q: "discovery" if n < first else "evaluation" for n, q in enumerate(ordered)}


def texts_hash(texts: Iterable[Text]) -> str:
    """SHA-256 over the token ids and parts of texts, in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text.prompt_tokens}:{','.join(map(str, text.ids))};".encode())
    return digest.hexdigest()
