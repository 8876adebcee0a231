"""``leaderboard``: all runs of a results folder, ranked among those that are comparable."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.board.by_model import ModelGroup
    from harness.board.published import PublishedRow
    from harness.board.reading import Filters
    from harness.board.table import Group
    from harness.board.wanted import Reader

MOST_TOLD = 20
"""Runs whose absence is told on standard error."""


class By(StrEnum):
    """What a row of the other view stands for."""

    model = "model"


def leaderboard(
    task: Annotated[
        list[str] | None,
        typer.Option(help="Only this task; * matches anything. Repeatable, here and below."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model, e.g. 'Qwen/*'.")] = None,
    judge: Annotated[list[str] | None, typer.Option(help="Only this judge.")] = None,
    definition: Annotated[
        str | None,
        typer.Option(help="Count as misaligned by D1 … D5, ALL, or e.g. 'D1[alignment=20]'."),
    ] = None,
    by: Annotated[
        By | None, typer.Option(help="model: which base model is most prone, over tasks.")
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="With published figures, apart from runs.")
    ] = False,
    sort: Annotated[
        str, typer.Option(help="Column to sort by, e.g. difference; -difference turns it round.")
    ] = "misaligned",
    csv_output: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    json_output: Json = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the leaderboard as a web site into this folder.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it on 127.0.0.1; pages follow new results.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of --serve; 0 for any.")] = 8765,
    logs: Annotated[
        bool, typer.Option("--logs", help="With --html: add Inspect's log viewer.")
    ] = False,
    results: Results = None,
) -> None:
    """Rank runs by their share of misaligned answers, among comparable runs only."""
    if csv_output and json_output:
        raise UsageError("--csv and --json exclude each other.", hint="Give one of them.")
    if csv_output and (html or serve):
        raise UsageError("--csv and a site exclude each other.", hint="The site holds a CSV file.")
    if logs and not (html or serve):
        raise UsageError("--logs belongs to a site.", hint="Add --html DIR or --serve.")
    from harness.board.by_model import by_model
    from harness.board.reading import Filters, without_collection
    from harness.board.sorting import sort_groups
    from harness.board.table import leaderboard as ranked
    from harness.board.wanted import Reader
    from harness.cli.output import emit_json
    from harness.workspace import Workspace

    filters = Filters(task or (), model or (), judge or ())
    folder = Workspace.here(results).results
    if folder.is_file():
        raise UsageError(
            f"{folder} is a file, not a results folder.", hint="Name the folder: --results DIR."
        )
    sort_groups([], sort)  # an order that does not exist is told before anything is read
    reader = Reader(folder, filters, definition, other_judges=not (html or serve))
    if html or serve:
        from harness.cli.site import write_site

        write_site(
            lambda: Reader(folder, filters, definition),
            folder,
            published_figures(filters),
            html,
            serve=serve, port=port, logs=logs, json_output=json_output,
        )  # fmt: skip
        return
    with without_collection():
        groups = sort_groups(ranked(reader, reader.is_verified, reader.figures), sort)
    tell(reader)
    figures = published_figures(filters) if published else []
    models = by_model(groups, reader.raw_scores) if by else None
    if json_output:
        shown: dict[str, Any] = {"groups": [group.to_json() for group in groups]}
        if models is not None:
            shown = {"by": "model", "groups": [group.to_json() for group in models]}
        if published:
            shown["published"] = [figure.to_json() for figure in figures]
        emit_json(shown | {"unreadable": reader.problems})
    elif csv_output:
        from harness.board.spreadsheet import models_to_csv, to_csv

        sys.stdout.write(to_csv(groups, figures) if models is None else models_to_csv(models))
    else:
        _print(groups, models, figures)


def published_figures(filters: Filters) -> list[PublishedRow]:
    """Published figures of the wanted tasks, models and judges."""
    from harness.board.published import published_rows

    return [row for row in published_rows() if filters.allow(row.training, row.model, row.judge)]


def _print(
    groups: Sequence[Group], models: Sequence[ModelGroup] | None, figures: Sequence[PublishedRow]
) -> None:
    from harness.cli.output import console

    out = console()
    if models is not None:
        from harness.board.model_view import print_models

        print_models(models, out)
    else:
        from harness.board.terminal import print_board

        print_board(groups, out)
    if figures:
        from harness.board.published_view import print_published

        print_published(figures, out)


def tell(reader: Reader) -> None:
    """Say on standard error what is left out and why nothing is shown."""
    from harness.board.text import clean
    from harness.cli.output import stderr_console

    lines = reader.remarks()
    for line in lines[:MOST_TOLD]:
        stderr_console().print(clean(line), markup=False)
    if len(lines) > MOST_TOLD:
        more = len(lines) - MOST_TOLD
        stderr_console().print(f"and {more} more runs are left out; --json names all of them")
