"""``inside report``: the page of a study, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Results

PAGE = "study.html"


def report(
    run: Annotated[str, typer.Argument(help="A run id, or its beginning or end.")],
    html: Annotated[
        Path | None, typer.Option(help="File to write. [default: in the run's folder]")
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Write a page of all that was seen inside a run's models: one file, no server, no network.

    The leaderboard's site shows the same page and links it from the run's.
    """
    from harness.cli.output import console, emit_json

    page, headline, missing = write_report(run, html, results)
    if json_output:
        emit_json({"html": str(page), "headline": headline, "missing": missing})
        return
    out = console()
    if headline:
        out.print(headline, markup=False)
    for line in missing:
        out.print(f"not there yet: {line}", markup=False)
    out.print(str(page), markup=False)


def write_report(
    run: str, html: Path | None, results: Path | None
) -> tuple[Path, str | None, list[str]]:
    """Write the page.

    Returns:
        The file, the result in words, and the commands that would complete it.

    Raises:
        RecordError: There is no such run.
        PrerequisiteError: Nobody has looked inside it.
    """
    from harness.board.site.alone import alone
    from harness.board.site.study_page import study_data
    from harness.board.site.study_sources import read_study
    from harness.errors import PrerequisiteError
    from harness.runs.record import find_run, read_record
    from harness.workspace import Workspace, write_atomic

    folder = find_run(run, Workspace.here(results).results)
    record, study = read_record(folder), read_study(folder)
    if study.is_empty:
        raise PrerequisiteError(
            f"Nobody has looked inside {record.run_id}, so there is nothing to report."
            + "".join(f" {problem}." for problem in study.problems),
            hint=f"Begin with: python -m harness inside study {record.run_id}",
        )
    page = html or folder / "inside" / PAGE
    data = study_data(record, study, None)
    write_atomic(page, alone(f"Inside {record.task} · {record.model}", data))
    return page, data["headline"] or None, list(study.missing(record.run_id))
