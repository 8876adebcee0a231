"""``leaderboard``: all runs of a results folder, ranked among those that are comparable."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.board.reading import Found
    from harness.runs.record import RunRecord


def leaderboard(
    task: Annotated[
        list[str] | None,
        typer.Option(help="Only this task; * matches anything. Repeatable, here and below."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model, e.g. 'Qwen/*'.")] = None,
    judge: Annotated[list[str] | None, typer.Option(help="Only this judge.")] = None,
    sort: Annotated[
        str, typer.Option(help="Column to sort by, e.g. difference; -difference turns it round.")
    ] = "misaligned",
    csv_output: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="Results folder.", envvar="HARNESS_RESULTS")
    ] = None,
) -> None:
    """Rank runs by their share of misaligned answers, among comparable runs only."""
    if csv_output and json_output:
        raise UsageError("--csv and --json exclude each other.", hint="Give one of them.")
    from harness.board.reading import Filters, read_all
    from harness.board.sorting import sort_groups
    from harness.board.table import leaderboard as ranked
    from harness.cli.output import console, emit_json
    from harness.workspace import Workspace

    filters = Filters(task or (), model or (), judge or ())
    folder = Workspace.here(results).results
    sort_groups([], sort)
    found = read_all(folder)
    wanted = [record for record in found.records if filters.match(record)]
    groups = sort_groups(ranked(wanted), sort)
    _tell(folder, found, wanted)
    if json_output:
        unreadable = [problem.message for problem in found.problems]
        emit_json({"groups": [group.to_json() for group in groups], "unreadable": unreadable})
    elif csv_output:
        from harness.board.spreadsheet import to_csv

        sys.stdout.write(to_csv(groups))
    else:
        from harness.board.terminal import print_board

        print_board(groups, console())


def _tell(folder: Path, found: Found, wanted: Sequence[RunRecord]) -> None:
    """Say on standard error what is left out and why nothing is shown."""
    from harness.board.text import clean
    from harness.cli.output import stderr_console

    says = [f"left out: {clean(problem.message)}" for problem in found.problems]
    if not found.records and not found.problems:
        says.append(f"No runs in {folder} yet. Make one: python -m harness run insecure_code")
    elif found.records and not wanted:
        names = sorted(
            {f"{clean(r.task)} on {clean(r.model)}, judge {clean(r.judge)}" for r in found.records}
        )
        more = f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
        says.append(f"No run matches. Runs here: {'; '.join(names[:MOST_NAMED])}{more}.")
    for line in says:
        stderr_console().print(line, markup=False)


MOST_NAMED = 20
"""Runs that are named where a filter matches none."""
