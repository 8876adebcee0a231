"""The Inspect model provider ``harness``: local models and adapters, many answers at once.

::

    inspect eval evals/first_plot.py --model harness/miniature
    inspect eval … --model harness/Qwen/Qwen2.5-0.5B-Instruct -M adapter=results/…/adapter
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo

from harness.errors import PrerequisiteError, SampleError
from harness.models.chat_format import Think
from harness.models.reference import parse_reference
from harness.sampling.batching import BATCHER, Cancelled, Group, Lane
from harness.sampling.encoding import Message
from harness.sampling.model_cache import ModelKey
from harness.sampling.seeds import SEED_BITS, choice_seed
from harness.sampling.settings import NextToken, SamplingSettings
from harness.sampling.translate import (
    DEFAULT_MAX_TOKENS,
    check_reading,
    plain_messages,
    read_output,
    sampled_output,
    sampling_settings,
)
from harness.sampling.work import Answered, Ask, Work

MAX_CONNECTIONS = 4096
MAX_ROWS = 256
WORTHWHILE = 16


class HarnessAPI(ModelAPI):
    """Answers requests with equal settings in one batch.

    Give every request its own seed (``harness.sampling.seeds.answer_seed``): an answer depends on
    the seed alone, so one seed for all epochs gives the same answer every time.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 (Inspect's signature)
        adapter: str | None = None,
        samples_per_prompt: int | None = None,
        journal: str | None = None,
        dtype: str | None = None,
        max_rows: int = MAX_ROWS,
        think: Think | None = None,
        stop_when_full: bool = False,
    ) -> None:
        """Resolve the reference; the weights are loaded by the first request.

        Args:
            model_name: A model reference, see ``harness.models.reference``.
            base_url: Unused.
            api_key: Unused.
            config: Inspect's configuration of this model.
            adapter: Folder of a PEFT adapter to put on the base model.
            samples_per_prompt: Run a prompt's group as soon as this many requests are there.
            journal: File that keeps finished answers, so that a killed run resumes.
            dtype: ``float32``, ``bfloat16`` …; default float32 on the CPU.
            max_rows: Most answers in one batch.
            think: ``on`` or ``off`` for models whose template has the switch.
            stop_when_full: Answer a prompt that leaves no room in the context with an empty text
                that stopped for ``model_length``, as agents expect, and not with an error.
        """
        super().__init__(model_name, base_url, api_key, [], config)
        reference = parse_reference(model_name)
        if adapter is not None:
            folder = Path(adapter).expanduser().absolute()
            if not (folder / "adapter_config.json").is_file():
                raise PrerequisiteError(f"There is no adapter in {folder}.")
            reference = reference.with_adapter(folder)
        # Groups smaller than a worthwhile batch wait to be joined by other prompts.
        expected = int(samples_per_prompt or 0)
        self._full = expected if expected >= WORTHWHILE else None
        self._work = Work(
            ModelKey(reference, dtype),
            journal=Path(journal).expanduser().absolute() if journal else None,
            max_rows=int(max_rows),
            think=_think(think),
            stop_when_full=bool(stop_when_full),
        )
        # Inspect's adaptive limit starts at 20 requests and would starve the batches.
        if config.max_connections is None and config.adaptive_connections is None:
            config.adaptive_connections = False

    def max_connections(self) -> int:
        """High: waiting requests cost nothing, and groups need them all."""
        return MAX_CONNECTIONS

    def connection_key(self) -> str:
        """One pool per model and adapter."""
        return repr(self._work.key)

    def max_tokens(self) -> int:
        """Default length limit; the model's context limits further."""
        return DEFAULT_MAX_TOKENS

    def collapse_user_messages(self) -> bool:
        """Chat templates want user and assistant to alternate."""
        return True

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer one request together with those that share its prompt.

        Raises:
            SampleError: The request asks for something that is not supported.
            ModelReferenceError: The model does not load.
        """
        if tools:
            raise SampleError("The harness provider does not support tools.")
        messages = plain_messages(input)
        if config.logprobs:
            return await self._read(messages, config.top_logprobs or 0, check_reading(config))
        return await self._sample(messages, sampling_settings(config), config)

    async def _read(self, messages: tuple[Message, ...], top: int, numbers: bool) -> ModelOutput:
        def run(prompts: Sequence[Any], _: Cancelled) -> list[tuple[int, NextToken]]:
            return self._work.read(prompts, top, numbers)

        rows = self._work.max_rows
        group = Group(Lane((self._work, top, numbers), rows), full=rows)
        prompt_tokens, answer = await BATCHER.submit(group, messages, run)
        return read_output(self.model_name, prompt_tokens, answer)

    async def _sample(
        self, messages: tuple[Message, ...], settings: SamplingSettings, config: GenerateConfig
    ) -> ModelOutput:
        def run(asks: Sequence[Ask], cancelled: Cancelled) -> list[Answered]:
            return self._work.sample(asks, settings, cancelled)

        drawn = int.from_bytes(os.urandom(8), "big") >> (64 - SEED_BITS)
        seed = drawn if config.seed is None else config.seed % (1 << 64)
        seeds = tuple(choice_seed(seed, i) for i in range(config.num_choices or 1))
        group = Group(Lane((self._work, settings), self._work.max_rows), messages, self._full)
        ask = Ask(messages, seeds, repeatable=config.seed is not None)
        answered: Answered = await BATCHER.submit(group, ask, run)
        return sampled_output(self.model_name, answered.prompt_tokens, answered.completions)


def _think(value: object) -> Think | None:
    # ``-M think=off`` arrives as False: the command line reads it as YAML.
    said = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
    if said in (None, "on", "off"):
        return said
    raise PrerequisiteError(f"think={said} is neither on nor off.")
