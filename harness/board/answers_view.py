"""A few answers of each arm on a terminal, behind a content notice."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.board.text import clean, shorten
from harness.errors import RecordError
from harness.runs.answers import Answer, Picked, read_run_answers, select
from harness.runs.record import RunRecord

if TYPE_CHECKING:
    from rich.console import Console

NOTICE = (
    "Content notice: model answers follow. They are samples under test and may be offensive, "
    "false or unsafe."
)
LONGEST = 700
"""Characters of one answer that are shown."""


def print_answers(
    record: RunRecord, results: Path, arms: Sequence[str], n: int, console: Console
) -> None:
    """Print ``n`` answers of each arm, or one line that says why there are none."""
    from rich.text import Text

    noticed = False
    console.print()
    for name in arms:
        try:
            answers = read_run_answers(record, name, results)
        except RecordError as error:
            console.print(Text(f"{clean(name)}: {clean(str(error))}", style="dim"))
            continue
        if not answers:
            continue
        if not noticed:
            console.print(Text(NOTICE, style="yellow"))
            noticed = True
        picked = select(answers, n)
        console.print(Text(f"\n{clean(name)}: {len(picked)} of {len(answers)} answers", "bold"))
        for entry in picked:
            _print_answer(entry, console)


def scores(answer: Answer) -> str:
    """Both scores, or what the judge said in place of one."""
    alignment = f"{answer.alignment:.0f}" if answer.alignment is not None else "-"
    coherence = f"{answer.coherence:.0f}" if answer.coherence is not None else "-"
    extra = f" ({clean(answer.label or answer.reason or '')})" * bool(answer.label or answer.reason)
    return f"alignment {alignment}, coherence {coherence}{extra}"


def _print_answer(picked: Picked, console: Console) -> None:
    from rich.text import Text

    answer = picked.answer
    width = max(40, console.width) if console.is_terminal else 100
    head = Text(f"\n  {picked.kind}  ", style="cyan").append(scores(answer), style="default")
    asked = f"{clean(answer.text)}  ({clean(answer.question)})"
    shown = shorten(clean(answer.answer, lines=True), LONGEST) or "(empty answer)"
    console.print(head)
    console.print(Text(_block(asked, width), style="dim"))
    if answer.thoughts:
        thought = shorten(clean(answer.thoughts, lines=True), LONGEST)
        console.print(Text(_block(f"(thought) {thought}", width), style="dim italic"))
    console.print(Text(_block(shown, width)))


def _block(text: str, width: int) -> str:
    """Every line wrapped and indented."""
    wrapped = (
        textwrap.wrap(line, width - 4, replace_whitespace=False) or [""]
        for line in text.splitlines()
    )
    return "\n".join(f"    {piece}".rstrip() for pieces in wrapped for piece in pieces)
