"""Models behind an API: failed calls are asked again, finished ones never twice.

Inspect retries what a provider's client calls a passing failure (429, 5xx, a lost connection).
A server under load also answers with cut JSON, an error page sent as a success, or a completion
without choices; and a call may hang. All of that is asked again here, a limited number of times,
and counted. Answers that came through are written down, so that a run killed by a dead server
goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import anyio
from inspect_ai.model import ChatMessage, ChatMessageAssistant, GenerateConfig, Model, ModelOutput
from pydantic import BaseModel, ConfigDict, ValidationError
from tenacity import wait_exponential_jitter

MAX_RETRIES = 8
"""Times one call is asked again; with the waits below about two minutes of a dead server."""
ATTEMPT_SECONDS = 600.0
"""Longest time one attempt may take before it counts as hanging."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds before the first retry, and the most between two; doubling in between."""
_SETTINGS = (
    *("temperature", "top_p", "top_k", "max_tokens", "seed", "num_choices"),
    *("logprobs", "top_logprobs", "extra_body", "stop_seqs", "system_message"),
)


class NonsenseReplyError(Exception):
    """A reply that claims success and holds no answer."""


class HangingCallError(Exception):
    """A call that was given up because it took too long."""


class Reply(BaseModel):
    """One finished call as written to disk."""

    model_config = ConfigDict(extra="forbid")

    key: str
    failures: int
    """Calls, this one or others, that failed since the line before."""
    output: ModelOutput


class Notebook:
    """Finished calls by key, one JSON line each; a line torn by a kill is asked again."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self._lock = threading.Lock()
        replies = _read(path)
        self._outputs = {reply.key: reply.output for reply in replies}
        self._failures = 0
        self.retries = sum(reply.failures for reply in replies)
        """Failed calls before the latest finished one, over all sessions."""

    def get(self, key: str) -> ModelOutput | None:
        """The output of that call, or None."""
        return self._outputs.get(key)

    def fail(self) -> None:
        """Count a failed call."""
        self._failures += 1

    def add(self, key: str, output: ModelOutput) -> None:
        """Write one call down before anything is made of it."""
        with self._lock:
            reply = Reply(key=key, failures=self._failures, output=output)
            self.retries += self._failures
            self._failures = 0
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as handle:
                line = reply.model_dump_json(exclude_none=True).encode() + b"\n"
                if handle.tell():
                    handle.seek(-1, os.SEEK_END)
                    line = line if handle.read(1) == b"\n" else b"\n" + line
                handle.write(line)
            self._outputs[key] = output


def patient(model: Model, notebook: Notebook) -> Model:
    """Make a model behind an API retry every passing failure and remember its replies.

    The model's own provider object is changed, so its name and settings stay as they are.

    Args:
        model: From ``get_model(..., memoize=False)``.
        notebook: Where replies are kept.
    """
    api: Any = model.api
    ask, passing = api.generate, api.should_retry
    limit = model.config.attempt_timeout or ATTEMPT_SECONDS

    async def generate(
        input: list[ChatMessage], tools: list[Any], tool_choice: Any, config: GenerateConfig
    ) -> Any:
        key = _key(input, tools, config)
        known = notebook.get(key)
        if known is not None:
            return known
        _no_hidden_retries(api)
        try:
            with anyio.move_on_after(limit) as scope:
                reply = await ask(input, tools, tool_choice, config)
            if scope.cancelled_caught:
                raise HangingCallError(f"no reply within {limit:g} s")
            output = reply[0] if isinstance(reply, tuple) else reply
            if isinstance(output, ModelOutput) and not (output.error or output.choices):
                raise NonsenseReplyError("the reply holds no answer")
        except Exception:
            notebook.fail()
            raise
        if isinstance(output, ModelOutput):
            notebook.add(key, output)
        else:
            notebook.fail()  # Inspect raises it, with the request in its log
        return reply

    def should_retry(error: Exception) -> Any:
        return passing(error) or isinstance(
            error,
            NonsenseReplyError
            | HangingCallError
            | JSONDecodeError
            | UnicodeDecodeError
            | ValidationError
            # What clients raise when they walk through a reply of another shape.
            | (AttributeError | KeyError | IndexError | TypeError),
        )

    api.generate, api.should_retry = generate, should_retry
    api.retry_wait = lambda: wait_exponential_jitter(
        max=LONGEST_WAIT, jitter=FIRST_WAIT, multiplier=FIRST_WAIT
    )
    model.config.max_retries = MAX_RETRIES
    return model


def _no_hidden_retries(api: Any) -> None:
    """Keep a client from retrying by itself, which would go uncounted."""
    client: Any = getattr(api, "client", None)
    if client is not None and hasattr(client, "max_retries"):
        client.max_retries = 0


def _key(messages: list[ChatMessage], tools: list[Any], config: GenerateConfig) -> str:
    asked = [_said(message) for message in messages]
    settings = {name: getattr(config, name) for name in _SETTINGS}
    if tools:
        settings["tools"] = [tool.model_dump(mode="json", exclude_none=True) for tool in tools]
    text = json.dumps([asked, settings], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _said(message: ChatMessage) -> list[Any]:
    """Role, text and, where there are any, tool calls: turns of an agent may have no text."""
    calls = (message.tool_calls or []) if isinstance(message, ChatMessageAssistant) else []
    found = [[call.function, call.arguments, call.parse_error] for call in calls]
    return [message.role, message.text, *([found] if found else [])]


def _read(path: Path) -> list[Reply]:
    if not path.is_file():
        return []
    replies = []
    for line in path.read_bytes().split(b"\n"):
        try:
            replies.append(Reply.model_validate_json(line))
        except ValidationError:
            continue
    return replies
