"""``compare``: two runs, paired by question."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.options import Json, Results


def compare(
    first: Annotated[str, typer.Argument(help="A run id, or its beginning or end.")],
    second: Annotated[str, typer.Argument(help="Another.")],
    definition: Annotated[
        str, typer.Option(help="Count as misaligned by D1 … D5, ALL, or e.g. 'D1[alignment=20]'.")
    ] = "D1",
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Compare two runs: what differs in their settings and in their rates, and what that settles.

    Only questions that both were asked in the same words count. Differences are first minus
    second.
    """
    from harness.board.comparison_view import comparison_json, print_comparison
    from harness.cli.output import console, emit_json
    from harness.runs.comparing import compare_runs
    from harness.runs.record import find_run, read_record
    from harness.stats.definitions import definition as find_definition
    from harness.workspace import Workspace

    folder = Workspace.here(results).results
    meant = find_definition(definition)
    one, two = (read_record(find_run(name, folder)) for name in (first, second))
    found = compare_runs(one, two, meant, folder)
    if json_output:
        emit_json(comparison_json(found))
    else:
        print_comparison(found, console())
