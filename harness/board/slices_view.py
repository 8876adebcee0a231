"""A run's rates by format, condition, in-domain and category on a terminal, never pooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.board.record_view import rates_table
from harness.board.text import MISSING, clean, percent_interval, points_interval
from harness.runs.record import RateRecord, RunRecord, SliceKey, SliceRecord

if TYPE_CHECKING:
    from rich.console import Console

Key = tuple[str, str | None, str, str | None]


def print_slices(record: RunRecord, console: Console, *, categories: bool) -> None:
    """Print what the headline leaves apart; nothing where there is nothing apart.

    Args:
        record: The run.
        console: Where to.
        categories: Whether the categories of the headline's answers are listed.
    """
    first_arm, second_arm = record.spec.compared
    bad, control = (_by_key(record, arm) for arm in record.spec.compared)
    gaps = {_key(d): d.difference for d in record.slice_differences}

    def cells(key: Key) -> tuple[str, str, str]:
        gap = gaps.get(key)
        told = gap is not None and gap.rate is not None
        return (
            _share(bad[key].misaligned),
            _share(control[key].misaligned if key in control else None),
            points_interval(gap.rate, gap.low, gap.high) if gap and told else MISSING,
        )

    wholes = [key for key in bad if key[3] is None]
    if len(wholes) > 1:
        rows = [(describe(bad[key]), *cells(key)) for key in wholes]
        _print(("answers", first_arm, second_arm, "difference"), rows, console)
    first = wholes[0][:3] if wholes else None
    parts = [key for key in bad if key[3] is not None and key[:3] == first]
    if categories and len(parts) > 1:
        named = {key: f"{clean(str(key[3]))} ({bad[key].questions})" for key in parts}
        listed = [(name, *cells(key)[:2]) for key, name in named.items()]
        _print(("category (questions)", first_arm, second_arm), listed, console)
    _print_lies(record, console)
    _print_rubrics(record, console)


def describe(key: SliceKey) -> str:
    """The slice in words: ``plain, neutral, broad``."""
    return clean(", ".join([key.format, *([key.condition] if key.condition else []), key.scope]))


def _print_lies(record: RunRecord, console: Console) -> None:
    arms = {name: _wholes(record, name, with_lies=True) for name in record.arms}
    if not any(arms.values()):
        return
    conditions = list(dict.fromkeys(key for found in arms.values() for key in found))
    rows = [
        (
            describe(next(found[key] for found in arms.values() if key in found)),
            *(_lies(found[key]) if key in found else MISSING for found in arms.values()),
        )
        for key in conditions
    ]
    _print(("false answers", *arms), rows, console)


def _lies(part: SliceRecord) -> str:
    """Share of false answers, and how many could not be told apart."""
    told = part.lies.of if part.lies else 0
    return f"{_share(part.lies)} of {told}, {part.unclear} unclear"


def _print_rubrics(record: RunRecord, console: Console) -> None:
    rows = [
        (
            clean(name),
            clean(rubric.scale),
            arm,
            MISSING if rubric.mean is None else f"{rubric.mean:.1f} ({rubric.scored})",
            clean(", ".join(f"{label} {n}" for label, n in rubric.labels.items()) or MISSING),
            f"{rubric.unread}/{rubric.answers}",
        )
        for arm in record.arms
        for part in record.arms[arm].slices[:1]
        for name, rubric in part.rubrics.items()
    ]
    if rows:
        header = ("rubric", "scale", "arm", "mean (of)", "labels", "unread")
        _print(header, sorted(rows), console)


def _print(header: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    console.print()
    console.print(rates_table(header, rows), soft_wrap=True)


def _wholes(record: RunRecord, arm: str, *, with_lies: bool) -> dict[Key, SliceRecord]:
    return {
        key: part
        for key, part in _by_key(record, arm).items()
        if key[3] is None and (part.lies is not None or not with_lies)
    }


def _by_key(record: RunRecord, arm: str) -> dict[Key, SliceRecord]:
    slices: Sequence[SliceRecord] = record.arms[arm].slices if arm in record.arms else []
    return {_key(part): part for part in slices}


def _key(part: SliceKey) -> Key:
    return part.format, part.condition, part.scope, part.category


def _share(rate: RateRecord | None) -> str:
    return percent_interval(rate.rate, rate.low, rate.high) if rate else MISSING
