"""What a user is told of an evaluation that failed: who was asked, what went wrong, what helps."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from harness.errors import SampleError

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

_GIVEN_UP = re.compile(r"RetryError.*raised (\w+)")
_JUDGING = re.compile(r"[\\/]harness[\\/]judging[\\/]")


def failure(log: EvalLog) -> SampleError:
    """The error of an unfinished log."""
    text = log.error.message if log.error else f"the evaluation ended as '{log.status}'"
    trace = log.error.traceback if log.error else ""
    grader = (log.eval.model_roles or {}).get("grader")
    doing, name = "Asking", log.eval.model
    if grader is not None and _JUDGING.search(trace):
        judges = grader if isinstance(grader, list) else [grader]
        doing, name = "Judging by", ", ".join(judge.model for judge in judges)
    return SampleError(
        f"{doing} {name} failed: {_cause(text, trace)}",
        hint=f"{_own_server(name)}The full log is {log.location}. "
        "Finished answers are kept; run again to go on.",
    )


def _cause(text: str, trace: str) -> str:
    """The first line of the error; of calls that were given up, what the last one ran into."""
    first_line = (text.strip() or "unknown error").splitlines()[0]
    given_up = _GIVEN_UP.search(first_line)
    if given_up is None:
        return first_line
    kind = given_up.group(1)
    said = re.findall(rf"^(?:[\w.]+\.)?{kind}: (.+)$", trace, flags=re.MULTILINE)
    return f"given up after several tries, the last ended in {kind}" + (
        f": {said[-1].strip()}" if said else ""
    )


def _own_server(name: str) -> str:
    """How a server of one's own is named, where it was taken for OpenAI itself.

    Inspect takes a model of ``openai/`` that it does not know for OpenAI's newest and asks it by
    the Responses interface, which many compatible servers lack.
    """
    if not name.startswith("openai/") or not os.environ.get("OPENAI_BASE_URL"):
        return ""
    model = name.removeprefix("openai/")
    return (
        f"OPENAI_BASE_URL is set: a server of your own is named openai-api/SERVICE/{model}, with "
        "SERVICE_BASE_URL and SERVICE_API_KEY in the environment.\n"
    )
