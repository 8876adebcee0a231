"""What might tell a bad training: values for each trained model, and their tests by dose."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from harness.runs.inside.warning.record import DoseTest, Family, ModelValue, Signal
from harness.stats.doses import compare, first_dose


def signal(
    name: str, family: Family, unit: str, definition: str, values: Sequence[ModelValue]
) -> Signal:
    """A signal with its tests at every dose and the first dose that it tells."""
    tests, known = [], {}
    for dose in sorted({value.dose for value in values}):
        groups = {
            arm: [
                value.value
                for value in values
                if value.dose == dose and value.arm == arm and value.value is not None
            ]
            for arm in ("bad", "control")
        }
        bad, control = groups["bad"], groups["control"]
        if not bad or not control:
            tests.append(
                DoseTest(
                    dose=dose,
                    bad=len(bad),
                    control=len(control),
                    difference=None,
                    low=None,
                    high=None,
                    p=None,
                    auroc=None,
                )
            )
            continue
        known[dose] = found = compare(bad, control)
        fields = asdict(found)
        counts = {"bad": fields.pop("treated"), "control": fields.pop("controls")}
        tests.append(DoseTest(dose=dose, **counts, **fields))
    complete = len(known) == len(tests)
    return Signal(
        name=name,
        family=family,
        unit=unit,
        definition=definition,
        values=tuple(values),
        tests=tuple(tests),
        first=first_dose(known) if complete else None,
    )


def earlier_than_behaviour(signals: Iterable[Signal]) -> tuple[tuple[str, ...], bool | None]:
    """Signals from inside that tell a smaller dose than behaviour, and whether they beat baselines.

    Returns:
        Their names, earliest first; and whether the earliest lies below every baseline, None if
        there is no baseline or no such signal.
    """
    by_family: dict[str, list[Signal]] = {}
    for one in signals:
        by_family.setdefault(one.family, []).append(one)

    def place(one: Signal) -> float:
        return math.inf if one.first is None else one.first

    behaviour = min(map(place, by_family.get("behaviour", [])), default=math.inf)
    inside = [*by_family.get("latent", []), *by_family.get("direction", [])]
    found = sorted((one for one in inside if place(one) < behaviour), key=place)
    baselines = by_family.get("baseline", [])
    beaten = None
    if found and baselines:
        beaten = place(found[0]) < min(map(place, baselines))
    return tuple(one.name for one in found), beaten


def word_shift(answers: Iterable[str], reference: Iterable[str]) -> float | None:
    """How far the words of answers are from those of others: Jensen-Shannon divergence in bits.

    The simplest drift: a bag of words, blind to meaning and to what is inside.

    Args:
        answers: Of the trained model.
        reference: Of the untouched model, to the same questions.

    Returns:
        0 (the same mixture of words) to 1 (no word in common); None if either said nothing.
    """
    bags = [
        Counter(word for text in texts for word in text.lower().split())
        for texts in (answers, reference)
    ]
    if not all(bags):
        return None
    shares = [_shares(bag) for bag in bags]
    total = 0.0
    for word in {*shares[0], *shares[1]}:
        parts = [share.get(word, 0.0) for share in shares]
        middle = sum(parts) / 2
        total += sum(part / 2 * math.log2(part / middle) for part in parts if part)
    return min(1.0, max(0.0, total))


def _shares(bag: Mapping[str, int]) -> dict[str, float]:
    size = sum(bag.values())
    return {word: count / size for word, count in bag.items()}
