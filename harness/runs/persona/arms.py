"""Arms side by side: from pairs of a row and a number to a measure of the side record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from harness.runs.instrument_rows import Row
from harness.runs.instruments import Measure, Value
from harness.runs.persona import values
from harness.stats.means import Observed

PER = 1000.0
"""Units of text that a rate of mentions is given for."""
NATS = "log-odds (nats)"
READ_ONLY = "no log-probabilities: the model is behind an API"
Pairs = Sequence[tuple[Row, float]] | Sequence[tuple[Row, float, float]]
"""Rows with their number and, where it is not 1, its weight."""


@dataclass(frozen=True)
class Kind:
    """How observations of one sort become values.

    Attributes:
        value: For one arm.
        difference: For two.
    """

    value: Callable[[Sequence[Observed]], Value]
    difference: Callable[[Sequence[Observed], Sequence[Observed]], Value]


MEAN = Kind(values.mean_value, values.mean_difference)
RATE = Kind(partial(values.rate_value, per=PER), partial(values.rate_difference, per=PER))
SHARE = Kind(values.share_value, values.share_difference)


@dataclass(frozen=True)
class Arms:
    """The arms of a record, in order, and which of them are compared."""

    names: tuple[str, ...]
    base: str | None
    compared: tuple[str, str] | None


def measure_of(
    title: str,
    definition: str,
    unit: str,
    better: Literal["lower", "none"],
    pairs: Pairs,
    arms: Arms,
    kind: Kind,
    *,
    missing: str,
    cluster: Callable[[Row], str] = lambda row: str(row["question"]),
) -> Measure:
    """A measure of every arm, and the difference of the compared ones.

    Args:
        title: Short name.
        definition: What exactly is computed.
        unit: Its unit.
        better: Which way is better.
        pairs: Rows with their numbers.
        arms: The arms.
        kind: How numbers become values.
        missing: Why an arm without numbers has none.
        cluster: What of a row's the intervals resample.
    """
    by_arm = by_arm_of(pairs, arms.names, cluster)
    return Measure(
        title=title,
        definition=definition,
        unit=unit,
        better=better,
        arms={
            arm: kind.value(rows) if any(r.weight for r in rows) else values.nothing(missing)
            for arm, rows in by_arm.items()
        },
        difference=difference_of(pairs, arms, kind, cluster),
    )


def difference_of(
    pairs: Pairs,
    arms: Arms,
    kind: Kind,
    cluster: Callable[[Row], str] = lambda row: str(row["question"]),
) -> Value | None:
    """First minus second of the compared arms; None where none are compared."""
    if arms.compared is None:
        return None
    by_arm = by_arm_of(pairs, arms.compared, cluster)
    return kind.difference(*(by_arm[arm] for arm in arms.compared))


def rise_over_base(
    pairs: Sequence[tuple[Row, float]], arms: Arms, title: str, definition: str
) -> Measure:
    """Every arm minus the untouched model; the difference is that of the compared arms."""
    by_arm = by_arm_of(pairs, arms.names, lambda row: str(row["question"]))
    base = by_arm[str(arms.base)]
    return Measure(
        title=title,
        definition=definition,
        unit=NATS,
        better="lower",
        arms={
            arm: values.mean_difference(rows, base) if rows else values.nothing(READ_ONLY)
            for arm, rows in by_arm.items()
            if arm != arms.base
        },
        difference=difference_of(pairs, arms, MEAN),
    )


def by_arm_of(
    pairs: Iterable[tuple[Row, float] | tuple[Row, float, float]],
    names: Sequence[str],
    cluster: Callable[[Row], str],
) -> dict[str, list[Observed]]:
    """The numbers of each arm; those of other arms are left out."""
    found: dict[str, list[Observed]] = {name: [] for name in names}
    for row, total, *weight in pairs:
        if row["arm"] in found:
            seed = 0 if row["seed"] is None else int(row["seed"])
            one = Observed(cluster(row), seed, total, weight[0] if weight else 1.0)
            found[row["arm"]].append(one)
    return found
