"""Published figures on a terminal, apart from measured rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.board.layout import fit, print_table
from harness.board.published import PublishedRow
from harness.board.text import MISSING, clean, percent, percent_interval

if TYPE_CHECKING:
    from rich.console import Console

WARNING = "Published figures: other judges, questions, recipes and definitions; not to be ranked."


def print_published(rows: Sequence[PublishedRow], console: Console) -> None:
    """Print published figures in the order of their tables."""
    from rich.text import Text

    cells = {
        "task": [row.training for row in rows],
        "model": [row.model for row in rows],
        "arm": [row.arm for row in rows],
        "misaligned": [percent_interval(row.rate, row.low, row.high) for row in rows],
        "coherent": [percent(row.coherent) for row in rows],
        "answers": [MISSING if row.of is None else str(row.of) for row in rows],
        "seeds": [MISSING if row.models is None else str(row.models) for row in rows],
        "definition": [row.definition for row in rows],
        "judge": [row.judge for row in rows],
        "questions": [_asked(row) for row in rows],
        "status": ["published"] * len(rows),
        "source": [row.source for row in rows],
    }
    cleaned = {title: [clean(cell) for cell in column] for title, column in cells.items()}
    space = console.width if console.is_terminal else None
    shown = fit(cleaned, space, ["task", "model", "judge", "questions", "source", "definition"])
    console.print()
    console.print(Text(WARNING, style="dim"))
    numbers = {"misaligned", "coherent", "answers", "seeds"}
    print_table(shown, numbers, [False] * len(rows), console)


def _asked(row: PublishedRow) -> str:
    extra = [row.format] if row.format != "plain" else []
    return ", ".join([row.questions, *extra, *([row.condition] if row.condition else [])])
