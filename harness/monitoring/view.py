"""Scopes: which part of a record a monitor is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from harness.monitoring.record import Monitored

Scope = Literal["action", "final", "cot", "cot+action", "all"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_STEP = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True)
class View:
    """What a monitor sees.

    Attributes:
        task: What the watched model was asked: context for a monitor that reads, never scored by
            one that counts words.
        parts: Name and text of each part, in the order shown.
    """

    task: str
    parts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """All parts as one text."""
        return "\n".join(text for _, text in self.parts)


def view(record: Monitored, scope: Scope) -> View:
    """One scope of a record; ``all`` counts the prompt and the final answer as watched text too."""
    thoughts, actions = ("thoughts", record.cot), ("actions", record.actions)
    final = ("final", record.final or record.actions)
    parts = {
        "action": (actions,),
        "final": (final,),
        "cot": (thoughts,),
        "cot+action": (thoughts, actions),
        "all": (("task", record.prompt), thoughts, actions, final),
    }[scope]
    return View(record.prompt, parts)


def steps(thought: str) -> list[str]:
    """A thought cut into sentences and lines."""
    return [piece.strip() for piece in _STEP.split(thought) if piece.strip()]
