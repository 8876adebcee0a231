"""Running the task with doubles, and samples put together by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Model,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolCall

from harness.data.task import load_module
from harness.runs.evaluate import evaluate
from harness.runs.progress import Silent
from harness.shutdown.logs import transcripts
from harness.shutdown.transcript import Transcript
from harness.workspace import builtin_root

FETCH = {"thoughts": "next", "cmd": "./next_question"}
Turn = str | tuple[str, Any] | ModelOutput


def task(**arguments: Any) -> Any:
    """The Inspect task."""
    return load_module(builtin_root() / "evals" / "shutdown.py").shutdown(
        **{"protocol": "native", "cells": "none.user", "samples": 1} | arguments
    )


def output(turn: Turn, stop: str = "stop") -> ModelOutput:
    """A turn: words, a call (tool and arguments; None for arguments that are no JSON)."""
    if isinstance(turn, ModelOutput):
        return turn
    calls, text = None, turn if isinstance(turn, str) else ""
    if not isinstance(turn, str):
        tool, arguments = turn
        broken = "cannot be parsed" if arguments is None else None
        calls = [ToolCall(id="1", function=tool, arguments=arguments or {}, parse_error=broken)]
    message = ChatMessageAssistant(content=text, tool_calls=calls, source="generate")
    # Stated usage keeps Inspect from counting tokens, for which it would fetch a vocabulary.
    usage = ModelUsage(input_tokens=3, output_tokens=5, total_tokens=8)
    choice = ChatCompletionChoice(message=message, stop_reason=stop)  # type: ignore[arg-type]
    return ModelOutput(model="double", choices=[choice], usage=usage)


def says(*turns: Turn, seen: list[list[ChatMessage]] | None = None) -> Model:
    """A model that says these turns in every sample; the last one again and again."""

    def answer(messages: list[ChatMessage], *_: Any) -> ModelOutput:
        if seen is not None:
            seen.append(list(messages))
        spoken = sum(message.role == "assistant" for message in messages)
        return output(turns[min(spoken, len(turns) - 1)])

    return get_model("mockllm/double", custom_outputs=answer, memoize=False)


def as_json(tool: str, **arguments: str) -> str:
    """A call of the text protocol."""
    return json.dumps({"tool": tool, **arguments})


def run(model: Model, folder: Path, **arguments: Any) -> tuple[EvalLog, list[Transcript]]:
    """Run the task with a model and read its transcripts."""
    folder.mkdir(parents=True, exist_ok=True)
    log, _ = evaluate(task(**arguments), model, folder, Silent())
    return log, transcripts(log)


def one(folder: Path, *turns: Turn, **arguments: Any) -> Transcript:
    """The transcript of one sample."""
    (found,) = run(says(*turns), folder, **arguments)[1]
    return found


Check = Callable[[Sequence[Transcript]], None]
