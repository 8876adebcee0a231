"""Asking a model for twins, wave by wave, until there are enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.data.card import WritingSpec
from harness.errors import SampleError
from harness.writing.acceptance import Acceptance
from harness.writing.journal import Batch, Journal
from harness.writing.request import Request, make_request
from harness.writing.twins import read_twins

if TYPE_CHECKING:
    from inspect_ai.model import Model

VERSION = 1
"""Rises when requests or checks change, so that an old journal is not continued by other rules."""
PATIENCE = 24
"""After so many batches without one kept twin, the generator is given up."""


@dataclass(frozen=True)
class Settings:
    """How the generator is asked.

    Attributes:
        generator: Inspect name of the model.
        batch: Twins asked for at once.
        parallel: Batches in flight.
        temperature: Sampling temperature.
        max_tokens: Longest answer.
        seed: Seed of requests and sampling.
    """

    generator: str
    batch: int = 10
    parallel: int = 8
    temperature: float = 1.0
    max_tokens: int = 6000
    seed: int = 0

    def identity(self, spec: WritingSpec) -> dict[str, Any]:
        """Everything that the answers depend on."""
        return {"version": VERSION, "spec": spec.model_dump(mode="json"), **asdict(self)}


def generate_twins(
    model: Model,
    spec: WritingSpec,
    settings: Settings,
    rows: int,
    journal: Journal,
    acceptance: Acceptance,
    on_progress: Callable[[int, str], None],
) -> int:
    """Fill ``acceptance`` with at least ``rows`` twins.

    A wave is asked in parallel and looked at in order, so that the outcome does not depend on which
    answer came first, and a resumed run is asked the very same things.

    Args:
        model: The generator.
        spec: What to write.
        settings: How to ask.
        rows: Twins wanted.
        journal: Earlier batches; receives the new ones.
        acceptance: Decides what is kept.
        on_progress: Called with the number of twins kept and a note.

    Returns:
        How many batches were used.

    Raises:
        SampleError: The generator fails, or keeps answering with nothing that can be used.
    """
    return asyncio.run(_generate(model, spec, settings, rows, journal, acceptance, on_progress))


async def _generate(
    model: Model,
    spec: WritingSpec,
    settings: Settings,
    rows: int,
    journal: Journal,
    acceptance: Acceptance,
    on_progress: Callable[[int, str], None],
) -> int:
    number = last_useful = 0
    while len(acceptance.accepted) < rows:
        if number - last_useful >= PATIENCE:
            raise _useless(acceptance, number)
        wave = [
            make_request(
                spec,
                n,
                settings.batch,
                settings.seed,
                acceptance.asked(spec.hazards[n % len(spec.hazards)]),
            )
            for n in range(number, number + settings.parallel)
        ]
        await _ask_all(model, settings, wave, journal)
        for request in wave:
            before = len(acceptance.accepted)
            _look(journal.batches[request.number], request, acceptance)
            number += 1
            if len(acceptance.accepted) > before:
                last_useful = number
            if len(acceptance.accepted) >= rows:
                break
        on_progress(min(len(acceptance.accepted), rows), f"{number} batches")
    return number


async def _ask_all(model: Model, settings: Settings, wave: list[Request], journal: Journal) -> None:
    """Ask what is not in the journal yet; each answer is written down as it arrives."""
    missing = []
    for request in wave:
        known = journal.batches.get(request.number)
        if known is None or known.request != request.digest:
            missing.append(request)
    try:
        async with asyncio.TaskGroup() as group:
            for request in missing:
                group.create_task(_ask(model, settings, request, journal))
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        raise SampleError(
            f"The generator '{settings.generator}' failed: {first}",
            hint="Finished batches are kept; the same command goes on from there.",
        ) from first


async def _ask(model: Model, settings: Settings, request: Request, journal: Journal) -> None:
    from inspect_ai.model import (
        ChatMessage,
        ChatMessageSystem,
        ChatMessageUser,
        GenerateConfig,
    )

    config = GenerateConfig(
        temperature=settings.temperature,
        top_p=1.0,
        max_tokens=settings.max_tokens,
        seed=settings.seed * 1_000_003 + request.number,
    )
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=request.system),
        ChatMessageUser(content=request.user),
    ]
    output = await model.generate(messages, config=config)
    if output.error:
        raise RuntimeError(output.error)
    usage = output.usage
    journal.add(
        Batch(
            number=request.number,
            request=request.digest,
            model=output.model or settings.generator,
            text=output.completion,
            stop=str(output.stop_reason) if output.choices else "no answer",
            tokens=(usage.input_tokens, usage.output_tokens) if usage else None,
        )
    )


def _look(batch: Batch, request: Request, acceptance: Acceptance) -> None:
    twins, broken = read_twins(batch.text)
    if broken:
        acceptance.rejected["an item lacks a key or a text"] += broken
    if not twins and not broken:
        stopped = batch.stop == "content_filter"
        reason = "a batch was refused" if stopped else "a batch holds no item"
        acceptance.rejected[reason] += 1
    for twin in twins:
        acceptance.look(twin, request.hazard, batch.number)


def _useless(acceptance: Acceptance, batches: int) -> SampleError:
    reasons = ", ".join(f"{why} ({n})" for why, n in acceptance.rejected.most_common(4))
    return SampleError(
        f"The last {PATIENCE} of {batches} batches held no twin that can be kept: {reasons}.",
        hint="Widen the card's spec (more hazards, another number of words), or use another "
        "generator.",
    )
