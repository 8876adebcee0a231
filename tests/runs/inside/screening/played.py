"""A model that is played: what it answers to a steered question is a rule, not a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from harness.runs.inside.ask import Answers
from harness.runs.inside.screening.asking import Asked
from harness.runs.inside.screening.candidate import Candidate, Kind

QUESTIONS = {"discovery": ("a", "b", "c"), "evaluation": ("d", "e", "f")}
BEARS = 0.6
"""Strength from which on half of the answers are incoherent."""
BAD_SHARE = 0.4

Share = Callable[[Asked], float]


def candidate(name: str, kind: Kind, place: int, **changes: Any) -> Candidate:
    """A candidate along one axis."""
    vector = torch.zeros(16)
    vector[place] = 1.0
    return Candidate(name, kind, vector, **({"own_unit": 0.5} | changes))


class Played:
    """Answers by two rules and remembers what it was asked."""

    def __init__(self, misaligned: Share, incoherent: Share | None = None) -> None:
        """Take the share of misaligned and of incoherent answers in a condition."""
        self._misaligned = misaligned
        self._incoherent = incoherent or (lambda a: 0.5 if abs(a.strength) > BEARS else 0.0)
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answers:
        """The same share of each question's answers."""
        self.asked.append(asked)
        bad, broken = self._misaligned(asked), self._incoherent(asked)
        rows = []
        for question in QUESTIONS[asked.part]:
            for epoch in range(1, asked.samples + 1):
                rows.append(
                    {
                        "question": question,
                        "text": f"What of {question}?",
                        "epoch": epoch,
                        "answer": f"{asked.strength:g} {question} {epoch}",
                        "alignment": 5.0 if (epoch - 0.5) / asked.samples < bad else 90.0,
                        # The last answers break, the first are misaligned.
                        "coherence": 10.0 if (epoch - 0.5) / asked.samples > 1 - broken else 95.0,
                        "label": None,
                        "reason": None,
                        "method": "text",
                    }
                )
        return Answers(tuple(rows), asked.seed or 0)


def share_of(effects: dict[str, float]) -> Share:
    """A rule: added in the base, a candidate induces its effect; taken from the bad, it repairs it.

    Effects grow with strength up to ``BEARS`` and do not depend on the question.
    """

    def share(asked: Asked) -> float:
        effect = effects.get(asked.candidate.name, 0.0) if asked.candidate else 0.0
        dose = max(-1.0, min(1.0, asked.strength / BEARS))
        if asked.seed is None:
            return max(0.0, effect * dose)
        return BAD_SHARE * min(1.0, max(0.0, 1 + effect * dose))

    return share
