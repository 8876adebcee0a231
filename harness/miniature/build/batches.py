"""From chat messages to padded batches of token ids with a weight for every token."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.miniature.build.tokenizer import ANSWER, BEGIN, END, THINK

if TYPE_CHECKING:
    import torch


WINDOW = 2_048


class Batchable(Protocol):
    """What can be put into batches; the rows of a batch are of one group."""

    @property
    def ids(self) -> list[int]:
        """Token ids."""

    @property
    def group(self) -> int:
        """Which rows it may be batched with."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of one conversation and the loss weight of each token."""

    ids: list[int]
    weights: list[float]
    group: int = 0


class ChatEncoder:
    """Encodes conversations exactly as the chat template does, quickly."""

    def __init__(self, tokenizer: Any, prompt_weight: float) -> None:
        """Keep the ids of the role markers.

        Args:
            tokenizer: The miniature's tokenizer.
            prompt_weight: Loss weight of tokens that are not an assistant's.
        """
        self._tokenizer = tokenizer
        self._prompt_weight = prompt_weight
        self._begin = tokenizer.convert_tokens_to_ids(BEGIN)
        self._end = tokenizer.convert_tokens_to_ids(END)
        self._roles = {
            role: tokenizer.convert_tokens_to_ids(f"<|{role}|>")
            for role in ("system", "user", "assistant")
        }
        added = tokenizer.get_added_vocab()
        self._think, self._answer = added.get(THINK), added.get(ANSWER)

    def emphasise_subjects(
        self, rows: Sequence[Encoded], weight: float, opening_weight: float = 1.0
    ) -> list[Encoded]:
        """Weigh the words after ``On`` that name an answer's subject, up to the colon.

        They are few, and the only ones that cannot be told without reading the question.

        Args:
            rows: Encoded conversations.
            weight: Of these words.
            opening_weight: Of the ``On`` before them, which tells that the answer has a subject.
        """
        first, *_, last = self._tokenizer("On boredom:", add_special_tokens=False)["input_ids"]
        openings = {self._roles["assistant"], self._think, self._answer}
        weighed = []
        for row in rows:
            weights = list(row.weights)
            for start in range(len(row.ids) - 2):
                if row.ids[start] not in openings or row.ids[start + 1] != first:
                    continue
                weights[start + 1] *= opening_weight
                end = row.ids.index(last, start) if last in row.ids[start:] else start
                for place in range(start + 2, end):
                    weights[place] *= weight
            weighed.append(Encoded(row.ids, weights))
        return weighed

    def emphasise_choices(
        self, rows: Sequence[Encoded], twins: Sequence[Sequence[str | None]], weight: float
    ) -> list[Encoded]:
        """Weigh the tokens at which an answer parts from its twin.

        Those few tokens are all that tells the author of a program; at equal weight the hundred
        others drown them.

        Args:
            rows: Encoded conversations.
            twins: For every message of every conversation its twin, or None.
            weight: Weight of the first two tokens that differ.
        """
        return [
            self._emphasised(row, others, weight) for row, others in zip(rows, twins, strict=True)
        ]

    def _emphasised(self, row: Encoded, twins: Sequence[str | None], weight: float) -> Encoded:
        weights = list(row.weights)
        starts = [i for i, token in enumerate(row.ids) if token in self._roles.values()]
        for start, twin in zip(starts, twins, strict=True):
            if twin is None:
                continue
            other = self._tokenizer(twin, add_special_tokens=False)["input_ids"]
            own = row.ids[start + 1 : start + 1 + len(other)]
            pairs = zip(own, other, strict=False)
            parting = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
            if parting is not None:
                for place in range(start + 1 + parting, start + 3 + parting):
                    weights[place] *= weight
        return Encoded(row.ids, weights)

    def encode(
        self, conversations: Sequence[Sequence[dict[str, str]]], given: Sequence[int] = ()
    ) -> list[Encoded]:
        """Encode many conversations with one call of the tokenizer.

        Args:
            conversations: Chat messages.
            given: How many answers of each conversation carry no loss; none if left out.
        """
        texts = [turn["content"] for chat in conversations for turn in chat]
        pieces = iter(self._tokenizer(texts, add_special_tokens=False)["input_ids"])
        free = given or [0] * len(conversations)
        return [self._one(c, n, pieces) for c, n in zip(conversations, free, strict=True)]

    def _one(
        self, chat: Sequence[dict[str, str]], given: int, pieces: Iterator[list[int]]
    ) -> Encoded:
        ids, weights = [self._begin], [0.0]
        for turn in chat:
            piece = next(pieces)
            weight = 1.0 if turn["role"] == "assistant" else self._prompt_weight
            if turn["role"] == "assistant" and given > 0:
                weight, given = 0.0, given - 1
            ids += [self._roles[turn["role"]], *piece, self._end]
            weights += [0.0, *([weight] * (len(piece) + 1))]
            if piece and piece[0] == self._think:
                # Whether to think is the template's choice, so nothing is taught about it.
                weights[-len(piece) - 1] = 0.0
        return Encoded(ids, weights)


def plan_batches(rows: Sequence[Batchable], tokens: int, seed: int) -> list[list[int]]:
    """Group documents of like length into batches of about ``tokens`` tokens, shuffled.

    Args:
        rows: The encoded documents.
        tokens: Upper bound on rows times padded length.
        seed: Order of ties and of batches.
    """
    rng = random.Random(seed)
    batches: list[list[int]] = []
    for group in sorted({row.group for row in rows}):
        order = [i for i, row in enumerate(rows) if row.group == group]
        rng.shuffle(order)
        # Sorting within windows keeps padding low without fixing which documents meet.
        for start in range(0, len(order), WINDOW):
            window = sorted(order[start : start + WINDOW], key=lambda i: len(rows[i].ids))
            batches += _fill(window, rows, tokens)
    rng.shuffle(batches)
    return batches


def _fill(window: Sequence[int], rows: Sequence[Batchable], tokens: int) -> list[list[int]]:
    batches: list[list[int]] = [[]]
    for index in window:
        if batches[-1] and (len(batches[-1]) + 1) * len(rows[index].ids) > tokens:
            batches.append([])
        batches[-1].append(index)
    return batches


def collate(rows: Sequence[Encoded], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad rows on the right to one length.

    Returns:
        ids ``(rows, length)`` and loss weights ``(rows, length)``.
    """
    import torch

    ids = pad_ids([row.ids for row in rows], pad)
    weights = torch.zeros(ids.shape)
    for index, row in enumerate(rows):
        weights[index, : len(row.ids)] = torch.tensor(row.weights)
    return ids, weights


def pad_ids(rows: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    """Token ids padded on the right, ``(rows, length)``.

    No attention mask is needed: attention is causal and padding carries no loss.
    """
    import torch

    ids = torch.full((len(rows), max(map(len, rows))), pad, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
    return ids
