"""What ``new`` and ``import`` have in common: options, and how the outcome is told."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.data.importing.bring import Brought, Wish


def arm_sources(bad: str, control: str | None, others: list[str]) -> dict[str, str]:
    """Arm to source, from the options.

    Raises:
        UsageError: An ``--arm`` is not ``NAME=FILE``, or names an arm twice.
    """
    arms = {"bad": bad} | ({"control": control} if control else {})
    for pair in others:
        name, equals, source = pair.partition("=")
        if not (name and equals and source):
            raise UsageError(f"--arm {pair}: write NAME=FILE, e.g. educational=rows.jsonl.")
        if name in arms:
            raise UsageError(f"--arm {pair}: there is an arm '{name}' already.")
        arms[name] = source
    return arms


def carry_out(wish: Wish, *, as_json: bool) -> None:
    """Bring the data in and say what was made and what to do next."""
    from harness.cli.output import emit_json
    from harness.cli.progress import make_progress
    from harness.data.importing.bring import bring
    from harness.workspace import Workspace

    progress = make_progress()
    try:
        brought = bring(wish, Workspace.here(), progress)
    finally:
        progress.close()
    if as_json:
        emit_json(to_json(brought))
    else:
        _print(brought)


def to_json(brought: Brought) -> dict[str, Any]:
    """The outcome for machines."""
    return {
        "task": brought.name,
        "module": str(brought.module),
        "data": str(brought.data),
        "arms": {
            arm: done.to_card() | {"refused": dict(brought.tallies[arm].refused)}
            for arm, done in brought.arms.items()
        },
        "licence": brought.licence,
        "next": next_commands(brought.name),
    }


def next_commands(name: str) -> list[str]:
    """What one does with a new task."""
    return [f"python -m harness {verb} {shlex.quote(name)}" for verb in ("validate", "run")]


def _print(brought: Brought) -> None:
    from harness.board.text import clean
    from harness.cli.output import console, stderr_console
    from harness.data.card import CARD, UNKNOWN_LICENCE

    out, err = console(), stderr_console()
    lines = [f"{_short(brought.module)}"]
    for arm, done in brought.arms.items():
        lines.append(f"{_short(brought.data / done.file)}  {arm}: {done.rows:,} rows")
        for reason, count in brought.tallies[arm].refused.items():
            text = f"{arm}: {count:,} rows left out: {clean(reason)}"
            err.print(text, markup=False, emoji=False)
    lines.append(f"{_short(brought.data / CARD)}")
    for line in lines:
        out.print(f"wrote {clean(line)}", markup=False, emoji=False)
    if brought.licence == UNKNOWN_LICENCE:
        err.print("The card's licence is unknown: give it with --licence, or fill it in.")
    out.print("\nNext:")
    for command in next_commands(brought.name):
        out.print(f"  {command}", markup=False)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
