"""``leaderboard``: all runs of a results folder, ranked among those that are comparable."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import RecordError, UsageError

if TYPE_CHECKING:
    from harness.runs.record import RunRecord


def leaderboard(
    task: Annotated[
        str | None, typer.Option(help="Only this task; * matches anything, here and below.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only this model, e.g. 'Qwen/*'.")] = None,
    judge: Annotated[str | None, typer.Option(help="Only this judge.")] = None,
    csv_output: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="Results folder.", envvar="HARNESS_RESULTS")
    ] = None,
) -> None:
    """Rank runs by their share of misaligned answers, among comparable runs only."""
    if csv_output and json_output:
        raise UsageError("--csv and --json exclude each other.", hint="Give one of them.")
    from harness.board.table import leaderboard as ranked
    from harness.cli.output import console, emit_json
    from harness.workspace import Workspace

    folder = Workspace.here(results).results
    records, unreadable = read_all(folder)
    wanted = [r for r in records if _matches(r, task, model, judge)]
    groups = ranked(wanted)
    _tell(folder, unreadable, records, wanted)
    if json_output:
        emit_json({"groups": [group.to_json() for group in groups], "unreadable": unreadable})
    elif csv_output:
        from harness.board.spreadsheet import to_csv

        sys.stdout.write(to_csv(groups))
    else:
        from harness.board.terminal import print_board

        print_board(groups, console())


def read_all(results: Path) -> tuple[list[RunRecord], list[str]]:
    """Every readable record of a results folder, and what is wrong with the others."""
    from harness.runs.record import RECORD, read_record

    records, unreadable = [], []
    for path in sorted(results.glob(f"*/{RECORD}")):
        try:
            records.append(read_record(path.parent))
        except RecordError as error:
            unreadable.append(str(error))
    return records, unreadable


def _matches(record: RunRecord, task: str | None, model: str | None, judge: str | None) -> bool:
    wanted = ((record.task, task), (record.model, model), (record.judge, judge))
    return all(
        pattern is None or fnmatch(name.casefold(), pattern.casefold()) for name, pattern in wanted
    )


def _tell(
    folder: Path,
    unreadable: Sequence[str],
    records: Sequence[RunRecord],
    wanted: Sequence[RunRecord],
) -> None:
    """Say on standard error what is left out and why nothing is shown."""
    from harness.board.text import clean
    from harness.cli.output import stderr_console

    says = [f"left out: {clean(problem)}" for problem in unreadable]
    if not records and not unreadable:
        says.append(f"No runs in {folder} yet. Make one: python -m harness run insecure_code")
    elif records and not wanted:
        names = {f"{clean(r.task)} on {clean(r.model)}, judge {clean(r.judge)}" for r in records}
        says.append(f"No run matches. Runs here: {'; '.join(sorted(names))}.")
    for line in says:
        stderr_console().print(line, markup=False)
