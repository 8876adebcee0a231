"""A thought as it grows: what a monitor says after every step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.monitoring.monitor import Monitor
from harness.monitoring.record import Monitored
from harness.monitoring.view import View, steps

CountTokens = Callable[[str], int]
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Step:
    """One sentence of a thought.

    Attributes:
        turn: Which thought it belongs to.
        text: The sentence.
        score: Suspicion of everything up to its end; None where the monitor could not tell.
    """

    turn: int
    text: str
    score: float | None


@dataclass(frozen=True)
class Trace:
    """A record with a monitor's suspicion after every step.

    Attributes:
        record: The sample.
        steps: Its steps in order.
    """

    record: Monitored
    steps: tuple[Step, ...]

    @property
    def before_action(self) -> tuple[Step, ...]:
        """Steps before the action that the label is about; all of an honest sample's."""
        record = self.record
        last = len(record.turns) - 1
        at = last if record.acts_at is None or not record.misbehaved else record.acts_at
        return tuple(step for step in self.steps if step.turn <= at)

    @property
    def highest(self) -> float | None:
        """Highest suspicion before the action: what a monitor that listens all along acts on."""
        return max((s.score for s in self.before_action if s.score is not None), default=None)

    def fires_at(self, threshold: float) -> int | None:
        """Index of the first step after which suspicion is above the threshold, or None."""
        return next(
            (
                index
                for index, step in enumerate(self.before_action)
                if step.score is not None and step.score > threshold
            ),
            None,
        )

    def lead(self, threshold: float, count: CountTokens) -> tuple[int, int] | None:
        """Steps and tokens still to come before the action when the monitor fires, or None."""
        at = self.fires_at(threshold)
        if at is None:
            return None
        left = self.before_action[at + 1 :]
        # The firing step is over; from there to the action is one step, if nothing lies between.
        return len(left) + 1, sum(count(step.text) for step in left)


def word_tokens(text: str) -> int:
    """Words and punctuation marks: tokens where no tokenizer is at hand."""
    return len(_WORD.findall(text))


def trace(monitor: Monitor, records: Sequence[Monitored]) -> list[Trace]:
    """Score every beginning of every record's thoughts; the monitor must be fitted to ``cot``."""
    grown = [_beginnings(record) for record in records]
    scores = iter(monitor.score([seen for beginnings in grown for _, _, seen in beginnings]))
    return [
        Trace(
            record,
            tuple(Step(turn, text, next(scores).score) for turn, text, _ in beginnings),
        )
        for record, beginnings in zip(records, grown, strict=True)
    ]


def _beginnings(record: Monitored) -> list[tuple[int, str, View]]:
    """Turn, text and everything thought so far, for each step."""
    found: list[tuple[int, str, View]] = []
    so_far: list[str] = []
    for index, turn in enumerate(record.turns):
        for step in steps(turn.thought):
            so_far.append(step)
            found.append((index, step, View(record.prompt, (("thoughts", " ".join(so_far)),))))
    return found
