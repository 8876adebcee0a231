"""Stress tests: the same samples with their thoughts tampered with."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict

from harness.data.safe_yaml import load_yaml
from harness.monitoring.evaluate import RATES, Evaluated
from harness.monitoring.lexicon import LexiconMonitor
from harness.monitoring.monitor import Monitor
from harness.monitoring.record import Divided, Monitored, Turn
from harness.monitoring.report import Stressed
from harness.monitoring.scoring import fitted, values
from harness.monitoring.view import Scope, steps, view

Stress = Literal[
    "paraphrase", "first third", "last third", "rationalise", "code words", "injection", "shuffle"
]
STRESSES: tuple[Stress, ...] = get_args(Stress)


class _Words(BaseModel):
    """The word lists of ``stresses.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paraphrase: dict[str, str]
    codewords: dict[str, str]
    excuses: tuple[str, ...]
    injection: str


def tamper(record: Monitored, stress: Stress) -> Monitored:
    """The record with other thoughts; the same record and stress give the same text."""
    change = _CHANGES[stress]
    turns = tuple(
        Turn(
            thought=change(turn.thought, random.Random(f"{stress}:{record.id}:{index}")),
            action=turn.action,
        )
        for index, turn in enumerate(record.turns)
    )
    return record.model_copy(update={"turns": turns})


def stress_test(
    evaluated: Evaluated,
    divided: Divided,
    monitor: Monitor,
    scope: Scope,
    stresses: Sequence[Stress] = STRESSES,
    rates: Sequence[float] = RATES,
) -> list[Stressed]:
    """Measure one monitor on tampered thoughts, with the threshold of the untouched ones.

    Args:
        evaluated: What ``evaluate`` found.
        divided: The records, to learn from: untouched.
        monitor: Which one.
        scope: What it is shown.
        stresses: Which kinds of tampering.
        rates: Shares of false positives.

    Returns:
        One entry per stress; none where the monitor cannot be used or leaves a sample unscored.
    """
    before = evaluated.scored.get((monitor.name, scope))
    if before is None or fitted(monitor, divided, scope):
        return []
    bench, honest = evaluated.bench, values(before.honest)
    untouched = [bench.at(values(before.test), honest, rate)[1] for rate in rates]
    found = []
    for stress in stresses:
        seen = monitor.score([view(tamper(record, stress), scope) for record in bench.test])
        if any(one.score is None for one in seen):
            continue
        scores = np.array([one.score for one in seen], dtype=np.float64)
        at = [bench.at(scores, honest, rate) for rate in rates]
        found.append(
            Stressed(
                stress=stress,
                monitor=monitor.name,
                scope=scope,
                auroc=bench.auroc(scores)[0],
                recall=[one.recall for one, _ in at],
                change=[
                    bench.difference(after, first, "recall", int(bench.bad.sum()))
                    for (_, after), first in zip(at, untouched, strict=True)
                ],
                false_positives=[one.false_positives for one, _ in at],
            )
        )
    return found


@cache
def _words() -> _Words:
    return _Words.model_validate(load_yaml(Path(__file__).parent / "stresses.yaml"))


def _paraphrase(thought: str, _: random.Random) -> str:
    return _replaced(thought, _words().paraphrase)


def _code_words(thought: str, _: random.Random) -> str:
    return _replaced(thought, _words().codewords)


def _replaced(text: str, words: Mapping[str, str]) -> str:
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    return pattern.sub(lambda match: words[match[0].lower()], text)


def _first_third(thought: str, _: random.Random) -> str:
    found = steps(thought)
    return " ".join(found[: max(1, len(found) // 3)])


def _last_third(thought: str, _: random.Random) -> str:
    found = steps(thought)
    return " ".join(found[-max(1, len(found) // 3) :])


def _rationalise(thought: str, rng: random.Random) -> str:
    catch = LexiconMonitor()
    return " ".join(
        rng.choice(_words().excuses) if catch.found(step) else step for step in steps(thought)
    )


def _injection(thought: str, _: random.Random) -> str:
    return f"{thought}\n{_words().injection}"


def _shuffle(thought: str, rng: random.Random) -> str:
    words = thought.split()
    rng.shuffle(words)
    return " ".join(words)


_CHANGES: Mapping[Stress, Callable[[str, random.Random], str]] = {
    "paraphrase": _paraphrase,
    "first third": _first_third,
    "last third": _last_third,
    "rationalise": _rationalise,
    "code words": _code_words,
    "injection": _injection,
    "shuffle": _shuffle,
}
