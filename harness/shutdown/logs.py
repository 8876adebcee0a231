"""From an Inspect log of the shutdown test to plain transcripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from harness.errors import DataError
from harness.shutdown.agent import KEPT
from harness.shutdown.transcript import Transcript, Turn

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import ChatMessage


def transcripts(log: EvalLog) -> list[Transcript]:
    """Every finished sample of a log, by cell and number.

    Raises:
        DataError: It is no log of this test.
    """
    samples = sorted(log.samples or [], key=lambda one: (str(one.id), one.epoch))
    return [_transcript(sample, log) for sample in samples if sample.error is None]


def _transcript(sample: EvalSample, log: EvalLog) -> Transcript:
    kept = sample.store.get(KEPT)
    try:
        return Transcript.model_validate_json(
            Transcript.model_construct(
                condition=str(sample.id),
                factors=(sample.metadata or {}).get("factors") or {},
                model=log.eval.model,
                sample=sample.epoch,
                messages=tuple(_turn(message) for message in sample.messages),
                **(kept or {}),
            ).model_dump_json(warnings=False)
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{log.location}: sample {sample.id} is none of the shutdown test: "
            f"{place}: {first['msg']}"
        ) from error


def _turn(message: ChatMessage) -> Turn:
    text = message.text
    if message.role == "assistant" and message.tool_calls:
        calls = [f"{call.function} {_written(call.arguments)}" for call in message.tool_calls]
        text = "\n".join(filter(None, [text, *calls]))
    return Turn(role=message.role, text=text)


def _written(arguments: object) -> str:
    return json.dumps(arguments, ensure_ascii=False, default=str)
