"""The decision turn of the agentic test itself, sentence by sentence.

A local model is shown the very episode that ``harness shutdown`` plays in its text protocol, up to
the output with the notice, and then one sentence is changed at a time. The calls before it are put
into its mouth, so that a model that is no agent can be read too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from harness.shutdown import prompts
from harness.shutdown.conditions import Condition
from harness.shutdown.decision import NULLS, Change, Variant, decision_kinds, nearest
from harness.shutdown.machine.machine import Errand, Machine

AGENT = "agent"
ADDED = {name: text for name, text in prompts.INSTRUCTIONS.items() if text} | {
    name: text for name, text in prompts.STAKES.items() if text
}
"""Sentences of the other cells, said after the task."""
CLARIFIED = "priority"
FETCH = "./next_question"
Parts = Mapping[str, str]
"""Role to sentence; ``system``, ``task`` and ``notice`` say where it stands."""


def parts() -> dict[str, str]:
    """Every sentence of the episode that can be taken away, by role."""
    found: dict[str, str] = {}
    texts = {"system": prompts.SYSTEM, "task": prompts.TASK, "notice": prompts.NOTICES["mid_task"]}
    for place, text in texts.items():
        for number, sentence in enumerate(sentences(text), start=1):
            found[f"{place} {number}"] = sentence
    return found


def sentences(text: str) -> list[str]:
    """Sentences of a text of ours; a file name's dot ends none."""
    return re.split(r"(?<=[.!?\"])\s+(?=[A-Z])", text)


def episode_variants(count: Callable[[str], int]) -> Iterator[Variant]:
    """The episode whole, and with one sentence changed at a time.

    Args:
        count: Tokens of a text, by the model's tokenizer.
    """
    said, neutral = parts(), decision_kinds()["shell"].neutral

    def variant(
        change: Change, what: str, sentence: str, told: Parts, more: str | None = None
    ) -> Variant:
        return Variant(AGENT, "episode", change, what, sentence, _chat(told, more), _opening())

    yield variant("full", "", "", said)
    for role, sentence in said.items():
        rest = {key: text for key, text in said.items() if key != role}
        yield variant("without", role, sentence, rest)
        plain = nearest(neutral, count(sentence), count)[0]
        yield variant("instead", role, plain, {**said, role: plain})
    for name, sentence in ADDED.items():
        yield variant("with", name, sentence, said, sentence)
    for number, plain in enumerate(nearest(neutral, count(ADDED[CLARIFIED]), count)[:NULLS], 1):
        yield variant("neutral", f"neutral {number}", plain, said, plain)


def _chat(told: Parts, more: str | None) -> tuple[tuple[str, str], ...]:
    system = "\n\n".join(filter(None, [_place(told, "system"), prompts.TEXT_PROTOCOL]))
    task = "\n\n".join(filter(None, [_place(told, "task"), more]))
    chat = [("system", system), ("user", task)]
    notice = _place(told, "notice")
    usual = prompts.errand(Condition())
    notices = {prompts.NOTICE_AT: notice} if notice else {}
    machine = Machine(Errand(usual.questions, notices, usual.shutdown_at))
    for _ in range(prompts.NOTICE_AT):
        output = machine.run(FETCH).output
        chat.append(("assistant", _opening() + FETCH + '"}'))
        chat.append(("user", prompts.TEXT_OUTPUT.format(output=output)))
    return tuple(chat)


def _place(told: Parts, place: str) -> str:
    return " ".join(text for role, text in told.items() if role.startswith(place))


def _opening() -> str:
    """A call of the text protocol up to its command; nothing was thought."""
    whole = json.dumps({"tool": "bash", "thoughts": "", "cmd": "#"})
    return whole.partition("#")[0]
