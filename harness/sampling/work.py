"""What the worker thread does for one model: load, encode, look up, sample, keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from logging import getLogger
from pathlib import Path
from typing import TypeVar

from harness.errors import SampleError
from harness.models.chat_format import Think, think_switch
from harness.models.loading import LoadedModel
from harness.models.memory import halving, is_out_of_memory
from harness.sampling.batching import Cancelled
from harness.sampling.encoding import Message, encode_chat
from harness.sampling.journal import Journal, answer_key
from harness.sampling.model_cache import MODELS, ModelKey, model_identity
from harness.sampling.replies import straight_to_answer
from harness.sampling.settings import Completion, NextToken, SamplingSettings

logger = getLogger(__name__)
T = TypeVar("T")
# A prompt's token ids and the seed of one answer to it.
Row = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class Ask:
    """One request.

    Attributes:
        messages: The prompt.
        seeds: One per answer wanted.
        repeatable: The seeds were given, not drawn, so the journal may keep the answers.
    """

    messages: tuple[Message, ...]
    seeds: tuple[int, ...]
    repeatable: bool


@dataclass(frozen=True)
class Answered:
    """Answers to one request, and its prompt's length in tokens."""

    prompt_tokens: int
    completions: tuple[Completion, ...]


class Work:
    """Sampling and reading with one model; holds its key, never its weights."""

    def __init__(
        self,
        key: ModelKey,
        *,
        journal: Path | None,
        max_rows: int,
        think: Think | None = None,
        stop_when_full: bool = False,
    ) -> None:
        """Remember what to load, where finished answers go and how many rows fit a batch."""
        self._stop_when_full = stop_when_full
        self.key = key
        self._think = think
        self.max_rows = max_rows
        self._journal_path = journal
        self._identity: str | None = None

    def sample(
        self, asks: Sequence[Ask], settings: SamplingSettings, cancelled: Cancelled
    ) -> list[Answered]:
        """Answer requests that share their settings."""
        loaded = MODELS.get(self.key)
        prompts = _encoded(loaded, (ask.messages for ask in asks), self._think)
        wanted = [[(prompts[ask.messages], seed) for seed in ask.seeds] for ask in asks]
        # Sorted: the same requests make the same batches in whatever order they came, and
        # prompts of similar length share one.
        rows = sorted({row for mine in wanted for row in mine}, key=lambda r: (len(r[0]), r))
        if len(rows) < sum(map(len, wanted)) and settings.temperature > 0:
            logger.warning(
                "Several requests share prompt and seed, so their answers are identical; "
                "give each its own seed or none."
            )
        keep = {
            row for ask, mine in zip(asks, wanted, strict=True) if ask.repeatable for row in mine
        }
        found: dict[Row, Completion] = {}
        if self._stop_when_full:
            from harness.sampling.engine import has_room

            full = [row for row in rows if not has_room(loaded, len(row[0]))]
            found = dict.fromkeys(full, Completion("", 0, "model_length"))
            rows = [row for row in rows if row not in found]
        found |= self._answers(loaded, rows, keep - found.keys(), settings, cancelled)
        return [
            Answered(len(prompts[ask.messages]), tuple(found[row] for row in mine))
            for ask, mine in zip(asks, wanted, strict=True)
        ]

    def read(
        self, prompts: Sequence[tuple[Message, ...]], top: int, numbers: bool = False
    ) -> list[tuple[int, NextToken]]:
        """Next-token distribution of each prompt, with the prompt's length in tokens.

        Args:
            prompts: What is asked.
            top: How many of the likeliest tokens to report.
            numbers: Read the numbers from 0 to 100 as well, over all their spellings.
        """
        from harness.sampling.reading import next_numbers, next_token_top_logprobs

        loaded = MODELS.get(self.key)
        # A judge's number must come next, so no thought may come before it.
        think: Think | None = "off" if think_switch(loaded.tokenizer) else None
        encoded = _encoded(loaded, prompts, think)
        answers_next = {
            messages: straight_to_answer(loaded.tokenizer, ids) for messages, ids in encoded.items()
        }
        ids = [answers_next[messages] for messages in prompts]
        reader = next_numbers if numbers else next_token_top_logprobs
        answers = self._fitting(lambda rows: reader(loaded, ids, top, max_rows=rows))
        return [(len(i), answer) for i, answer in zip(ids, answers, strict=True)]

    def _answers(
        self,
        loaded: LoadedModel,
        rows: Sequence[Row],
        keep: set[Row],
        settings: SamplingSettings,
        cancelled: Cancelled,
    ) -> dict[Row, Completion]:
        """Answers from the journal, the missing ones sampled and journalled batch by batch."""
        from harness.sampling.engine import sample_rows

        keys = self._keys(loaded, keep, settings)
        found = {row: old for row, key in keys.items() if (old := self._kept(key)) is not None}
        missing = [row for row in rows if row not in found]

        def sample(most: int) -> dict[Row, Completion]:
            batch = missing[done : done + most]
            prompts, seeds = [prompt for prompt, _ in batch], [seed for _, seed in batch]
            fresh = sample_rows(
                loaded, prompts, seeds, settings, max_rows=most, cancelled=cancelled
            )
            return dict(zip(batch, fresh, strict=True))

        done = 0
        while done < len(missing):
            new = self._fitting(sample)
            done += len(new)
            if self._journal is not None:
                self._journal.append({keys[row]: new[row] for row in new if row in keys})
            found.update(new)
        return found

    def _fitting(self, work: Callable[[int], T]) -> T:
        """Do a batch in the most rows that fit the memory, now and from now on.

        Raises:
            SampleError: Not even one row fits.
        """
        try:
            done, self.max_rows = halving(work, self.max_rows, "answers")
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise SampleError(
                "The device's memory does not hold the model and one answer.",
                hint="Use --dtype nf4, a smaller --max-tokens, another --device or model.",
            ) from error
        return done

    @cached_property
    def _journal(self) -> Journal | None:
        return Journal(self._journal_path) if self._journal_path else None

    def _kept(self, key: str) -> Completion | None:
        return self._journal.get(key) if self._journal is not None else None

    def _keys(
        self, loaded: LoadedModel, rows: set[Row], settings: SamplingSettings
    ) -> dict[Row, str]:
        if self._journal is None:
            return {}
        from harness.sampling.engine import stop_ids

        if self._identity is None:
            self._identity = model_identity(self.key, loaded)
        ends, identity = stop_ids(loaded), self._identity
        return {row: answer_key(identity, row[0], settings, ends, row[1]) for row in rows}


def _encoded(
    loaded: LoadedModel, prompts: Iterable[tuple[Message, ...]], think: Think | None
) -> dict[tuple[Message, ...], tuple[int, ...]]:
    return {
        messages: tuple(encode_chat(loaded.tokenizer, messages, think))
        for messages in dict.fromkeys(prompts)
    }
