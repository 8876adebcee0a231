"""One number for several tasks: the mean of paired differences, without pooling their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.stats.verdict import Interval

if TYPE_CHECKING:
    from harness.stats.definitions import Definition, Judged


@dataclass(frozen=True)
class MeanDifference:
    """A mean over tasks.

    Attributes:
        rate: Unweighted mean of the differences, from -1 to 1; None when one of them is.
        low: Lower end of its interval; None when a part has no interval.
        high: Upper end of its interval.
        lowest: Smallest of the differences.
        highest: Largest of the differences.
        of: Number of tasks.
        method: How the interval was made.
    """

    rate: float | None
    low: float | None
    high: float | None
    lowest: float | None
    highest: float | None
    of: int
    method: str


def mean_difference(parts: Sequence[Interval]) -> MeanDifference:
    """Mean of differences whose errors may hang together, for these very tasks.

    Each task counts alike, whatever its number of answers. The interval runs from the mean of the
    lower ends to the mean of the upper ends. Standard deviations obey the triangle inequality,
    ``sd(mean of x) <= mean of sd(x)``, with equality at full correlation: so it is wide enough
    whatever the correlation between tasks. It has to be, because all tasks of a model are asked
    the same questions by the same judge; intervals that add up variances as if tasks were
    independent are too narrow by up to the square root of their number. It is an interval for the
    mean of these tasks, not of tasks in general: ``lowest`` and ``highest`` show how they differ.

    Args:
        parts: One paired difference per task.

    Returns:
        The mean; None for what cannot be told because a part is missing.
    """
    rates = [part.rate for part in parts if part.rate is not None]
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    if not parts or len(rates) < len(parts):
        lacking = len(parts) - len(rates)
        method = f"none: {lacking} of {len(parts)} tasks have no difference" if parts else "none"
        return MeanDifference(None, None, None, None, None, len(parts), method)
    complete = len(lows) == len(highs) == len(parts)
    method = "mean of the ends of the paired intervals, whatever the correlation between tasks"
    return MeanDifference(
        rate=sum(rates) / len(parts),
        low=sum(lows) / len(parts) if complete else None,
        high=sum(highs) / len(parts) if complete else None,
        lowest=min(rates),
        highest=max(rates),
        of=len(parts),
        method=method if complete else "none: a task has no interval",
    )


@dataclass(frozen=True)
class TaskScores:
    """Judged answers of one task.

    Attributes:
        task: Its name.
        bad: Answers of the bad arm.
        control: Answers of its control.
    """

    task: str
    bad: Sequence[Judged]
    control: Sequence[Judged]


def joint_mean_difference(
    tasks: Sequence[TaskScores], parts: Sequence[Interval], definition: Definition
) -> MeanDifference:
    """The same mean with an interval from the answers of all tasks together.

    Each question is one cluster over all tasks and both arms (``contrast`` with weights ``1 / k``
    and ``-1 / k``), so that the correlation between tasks is taken from the data rather than from
    the worst case: as wide as ``mean_difference`` where tasks agree question by question, up to
    the square root of their number narrower where they do not.

    Args:
        tasks: Raw scores of every task.
        parts: The paired difference of every task, in the same order.
        definition: Which answers count, and among which.

    Returns:
        The mean; None for what cannot be told because a part is missing.
    """
    from harness.stats.contrast import Term, contrast

    plain = mean_difference(parts)
    if plain.rate is None:
        return plain
    share = 1 / len(tasks)
    terms = [
        Term(f"{task.task} ({arm})", sign * share, rows, task.task)
        for task in tasks
        for arm, sign, rows in (("bad", 1, task.bad), ("control", -1, task.control))
    ]
    found = contrast(terms, definition)
    method = f"{found.method}, jointly over {len(tasks)} tasks"
    return replace(plain, rate=found.rate, low=found.low, high=found.high, method=method)
