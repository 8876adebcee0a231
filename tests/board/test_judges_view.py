"""The judges of a run side by side, in a terminal of 80 columns."""

from __future__ import annotations

import io

from rich.console import Console

from harness.board.judges_view import print_judges
from harness.runs.panel import Panel
from harness.stats.agreement import Alpha
from tests.board.records import record, spec


def test_long_names_of_judges_fit_and_a_missing_agreement_has_its_reason() -> None:
    names = ("openai-api/my-server/judge-large", "openai-api/my-server/judge-small")
    runs = [record(plan=spec(judge=name)) for name in names]
    alphas = {
        "alignment": Alpha(None, None, None, 72, 2),
        "coherence": Alpha(None, None, None, 0, 2),
    }
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    print_judges(runs, Panel(names, alphas, ()), console)
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    # Every part of the table names the judges again.
    assert sum(line.startswith(names[1]) for line in lines) > 1
    shown = " ".join(out.getvalue().split())
    assert "bad minus control" in shown
    assert "alignment - (all scores are equal), coherence - (no answer has two scores)" in shown
