"""What the worker thread does for one model: load, encode, look up, sample, keep."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path

from harness.models.loading import LoadedModel
from harness.sampling.batching import Cancelled
from harness.sampling.encoding import Message, encode_chat
from harness.sampling.journal import Journal, answer_key
from harness.sampling.model_cache import MODELS, ModelKey, model_identity
from harness.sampling.settings import Completion, NextToken, SamplingSettings


class Work:
    """Sampling and reading with one model; holds its key, never its weights."""

    def __init__(self, key: ModelKey, *, journal: Path | None, max_rows: int | None) -> None:
        """Remember what to load and where finished answers go."""
        self.key = key
        self._journal_path = journal
        self._max_rows = max_rows
        self._identity: str | None = None

    def sample(
        self,
        messages: Sequence[Message],
        settings: SamplingSettings,
        seeds: Sequence[int],
        keep: Collection[int],
        cancelled: Cancelled,
    ) -> tuple[int, dict[int, Completion]]:
        """Answers by seed, and the prompt's length in tokens.

        Args:
            messages: The prompt.
            settings: How to sample.
            seeds: One per answer, without repeats.
            keep: Seeds whose answers go into the journal.
            cancelled: True once nobody waits.
        """
        from harness.sampling.engine import MAX_ROWS, sample_group

        loaded = MODELS.get(self.key)
        ids = encode_chat(loaded.tokenizer, messages)
        keys = self._journal_keys(loaded, ids, settings, keep)
        found = {seed: old for seed, key in keys.items() if (old := self._kept(key)) is not None}
        missing = [seed for seed in seeds if seed not in found]
        if missing:
            fresh = sample_group(
                loaded,
                ids,
                missing,
                settings,
                max_rows=self._max_rows or MAX_ROWS,
                cancelled=cancelled,
            )
            new = dict(zip(missing, fresh, strict=True))
            if self._journal is not None:
                self._journal.append({keys[s]: a for s, a in new.items() if s in keys})
            found.update(new)
        return len(ids), found

    def read(self, prompts: Sequence[Sequence[Message]], top: int) -> list[tuple[int, NextToken]]:
        """Next-token distribution of each prompt, with the prompt's length in tokens."""
        from harness.sampling.reading import next_token_top_logprobs

        loaded = MODELS.get(self.key)
        ids = [encode_chat(loaded.tokenizer, messages) for messages in prompts]
        answers = next_token_top_logprobs(loaded, ids, top)
        return [(len(i), answer) for i, answer in zip(ids, answers, strict=True)]

    @cached_property
    def _journal(self) -> Journal | None:
        return Journal(self._journal_path) if self._journal_path else None

    def _kept(self, key: str) -> Completion | None:
        return self._journal.get(key) if self._journal is not None else None

    def _journal_keys(
        self,
        loaded: LoadedModel,
        ids: Sequence[int],
        settings: SamplingSettings,
        seeds: Collection[int],
    ) -> dict[int, str]:
        if self._journal is None or not seeds:
            return {}
        from harness.sampling.engine import stop_ids

        if self._identity is None:
            self._identity = model_identity(self.key, loaded)
        ends = stop_ids(loaded)
        return {s: answer_key(self._identity, ids, settings, ends, s) for s in seeds}
