"""Two runs side by side, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.board.layout import fit, print_table
from harness.board.text import (
    MISSING,
    clean,
    definition_words,
    percent_interval,
    points_interval,
    shorten,
)
from harness.runs.comparing import Comparison, Pair

if TYPE_CHECKING:
    from rich.console import Console

SETTING_LENGTH = 44


def comparison_json(found: Comparison) -> dict[str, Any]:
    """The comparison as machines read it; differences are first minus second."""
    return {
        "first": found.first.run_id,
        "second": found.second.run_id,
        "definition": found.definition.label,
        "comparable": not found.barriers and bool(found.questions),
        "barriers": list(found.barriers),
        "questions": {"shared": list(found.questions), "in_one_run_only": found.lone},
        "arms": {name: asdict(pair) for name, pair in found.arms.items()},
        "excess": asdict(found.excess) if found.excess else None,
        "by_question": {name: asdict(pair) for name, pair in found.by_question.items()},
        "spec": [asdict(setting) for setting in found.settings],
        "verdict": asdict(found.verdict),
    }


def print_comparison(found: Comparison, console: Console) -> None:
    """Shares, differences, what differs in the specifications, and the verdict in words."""
    from rich.text import Text

    for name, record in (("first ", found.first), ("second", found.second)):
        line = Text(f"{name}  ", style="dim").append(clean(record.run_id), style="bold")
        console.print(line.append(f"  {clean(record.task)} on {clean(record.model)}", "not dim"))
    _print_settings(found, console)
    questions = f"{len(found.questions)} questions that both were asked"
    lone = f"; {found.lone} that only one was asked are left out" if found.lone else ""
    console.print(Text(f"\nMisaligned, over {questions}{lone}"))
    _print_pairs("arm", found.arms, console)
    if found.excess is not None:
        gap = found.excess
        told = points_interval(gap.rate, gap.low, gap.high, unit=" points")
        minus = " minus ".join(found.first.spec.compared)
        console.print(Text(f"\n{minus}, first minus second: {told}", "bold"))
    worst = dict(sorted(found.by_question.items(), key=lambda e: (-_size(e[1]), e[0])))
    if worst:
        console.print(Text("\nBy question, largest difference first"))
        _print_pairs("question", worst, console)
    _print_verdict(found, console)


def _print_settings(found: Comparison, console: Console) -> None:
    from rich.text import Text

    if not found.settings:
        console.print(Text("\nThe specifications are the same."))
        return
    cells = {
        "differs": [setting.name for setting in found.settings],
        "first": [_value(setting.first) for setting in found.settings],
        "second": [_value(setting.second) for setting in found.settings],
    }
    console.print()
    cleaned = {title: [clean(cell) for cell in column] for title, column in cells.items()}
    width = console.width if console.is_terminal else None
    bold = [setting.name in found.barriers for setting in found.settings]
    print_table(fit(cleaned, width, ["first", "second"]), (), bold, console)


def _print_pairs(title: str, pairs: Mapping[str, Pair], console: Console) -> None:
    cells = {
        title: [clean(name) for name in pairs],
        "first": [_share(pair.first) for pair in pairs.values()],
        "second": [_share(pair.second) for pair in pairs.values()],
        "difference": [
            points_interval(pair.difference.rate, pair.difference.low, pair.difference.high)
            for pair in pairs.values()
        ],
    }
    width = console.width if console.is_terminal else None
    table = fit(cells, width, [title])
    print_table(table, {"first", "second", "difference"}, [n == "bad" for n in pairs], console)


def _print_verdict(found: Comparison, console: Console) -> None:
    from rich.text import Text

    verdict = found.verdict
    colour = {"confirmed": "green", "overturned": "red"}.get(verdict.value, "yellow")
    console.print(
        Text(f"\n{verdict.value}", f"bold {colour}")
        .append(": ", "default")
        .append(clean(verdict.claim), "not bold default")
    )
    for reason in verdict.reasons:
        console.print(Text(f"  {clean(reason)}"))
    console.print(Text(f"  {clean(definition_words(found.definition.label))}", "dim"))
    for record in (found.first, found.second):
        if record.note is not None:
            console.print(Text(f"  {clean(record.run_id)}: {clean(record.note)}", "yellow"))


def _share(rate: Any) -> str:
    counted = f" ({rate.count}/{rate.of})" if rate.rate is not None else ""
    return f"{percent_interval(rate.rate, rate.low, rate.high)}{counted}"


def _value(value: Any) -> str:
    if value is None:
        return MISSING
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, SETTING_LENGTH)


def _size(pair: Pair) -> float:
    return abs(pair.difference.rate) if pair.difference.rate is not None else -1.0
