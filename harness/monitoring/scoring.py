"""Scores of every monitor with every scope on the same records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from harness.monitoring.ensemble import Ensemble
from harness.monitoring.monitor import Monitor, Suspicion
from harness.monitoring.record import Divided, Monitored
from harness.monitoring.view import Scope, view
from harness.stats.counts import Floats

T = TypeVar("T")
MOST_UNSCORED = 0.2
"""Share of samples that a monitor may leave unscored; above it, its figures would be of another
set of samples than everybody else's, and it is left out."""


@dataclass(frozen=True)
class Scored:
    """One monitor's scores with one scope.

    Attributes:
        monitor: Its name.
        scope: What it was shown.
        chances: Whether scores are meant as chances.
        honest: Suspicion of the honest samples that thresholds are set on.
        test: Suspicion of the test samples.
        seconds: Time it took.
    """

    monitor: str
    scope: Scope
    chances: bool
    honest: Sequence[Suspicion]
    test: Sequence[Suspicion]
    seconds: float

    @property
    def name(self) -> str:
        """Monitor and scope."""
        return f"{self.monitor} on {self.scope}"


def values(suspicions: Sequence[Suspicion]) -> Floats:
    """The scores as numbers; all must be there."""
    return np.array([one.score for one in suspicions], dtype=np.float64)


def score_all(
    divided: Divided,
    monitors: Sequence[Monitor],
    honest: Sequence[Monitored],
    test: Sequence[Monitored],
    scopes: Sequence[Scope],
) -> tuple[list[Scored], dict[str, str]]:
    """Scores of every monitor that works with every scope, and why the others do not."""
    scored: list[Scored] = []
    unusable: dict[str, str] = {}
    for monitor in monitors:
        mine: list[Scored] = []
        for scope in scopes:
            found = _score(divided, monitor, honest, test, scope)
            if isinstance(found, str):
                unusable[monitor.name] = found
                break
            mine.append(found)
        else:
            scored += mine
    return scored, unusable


def _score(
    divided: Divided,
    monitor: Monitor,
    honest: Sequence[Monitored],
    test: Sequence[Monitored],
    scope: Scope,
) -> Scored | str:
    """Scores, or why there are none."""
    began = time.monotonic()
    problem = fitted(monitor, divided, scope)
    if problem is not None:
        return problem
    found = monitor.score([view(record, scope) for record in (*honest, *test)])
    failed = Counter(one.reason or "no score" for one in found if one.score is None)
    if failed.total() > MOST_UNSCORED * len(found):
        why, _ = failed.most_common(1)[0]
        return f"left {failed.total()} of {len(found)} unscored ({why})"
    seconds = time.monotonic() - began
    cut = len(honest)
    return Scored(monitor.name, scope, monitor.gives_chances, found[:cut], found[cut:], seconds)


def fitted(monitor: Monitor, divided: Divided, scope: Scope) -> str | None:
    """Let a monitor learn one scope of the ``fit`` split; says why it cannot be used, or None."""
    fit = [r for r in divided.records["fit"] if r.group not in monitor.unseen]
    return monitor.fit([view(r, scope) for r in fit], [bool(r.misbehaved) for r in fit])


def scored_by_all(columns: Sequence[Sequence[Suspicion]]) -> list[bool]:
    """Which samples every cell could score: figures are taken of these alone."""
    return [all(one.score is not None for one in row) for row in zip(*columns, strict=True)]


def kept(items: Sequence[T], keep: Sequence[bool]) -> list[T]:
    """The wanted items."""
    return [item for item, wanted in zip(items, keep, strict=True) if wanted]


def together(ensemble: Ensemble, scope: Scope, members: Sequence[Scored]) -> Scored:
    """An ensemble's scores from those of its members."""
    reference = [member.honest for member in members]
    return Scored(
        ensemble.name,
        scope,
        False,
        ensemble.combine(reference, reference),
        ensemble.combine([member.test for member in members], reference),
        sum(member.seconds for member in members),
    )
