"""``suite``: every instrument on a run's models."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.options import Device, Json, Results


def suite(
    run: Annotated[str, typer.Argument(help="A run id, or its beginning or end.")],
    only: Annotated[
        str | None,
        typer.Option(
            help="open_ended, in_domain, persona, shutdown, monitor, deception; with commas."
        ),
    ] = None,
    device: Device = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Measure all arms of a run with every instrument and put the figures side by side.

    Open-ended and in-domain figures are in the run's record; persona, shutdown, monitor and
    deception are measured now and written beside it. A killed suite goes on where it was; an
    instrument that does not apply is null, with its reason.
    """
    from harness.cli.output import console, emit_json
    from harness.cli.progress import make_progress
    from harness.models.devices import choose_device
    from harness.runs.suite.steps import chosen
    from harness.runs.suite.suite import run_suite
    from harness.workspace import Workspace

    choose_device(device)
    steps = chosen(only)
    progress = make_progress()
    try:
        found = run_suite(run, steps, Workspace.here(results), progress)
    finally:
        progress.close()
    if json_output:
        emit_json(found.model_dump(mode="json"))
    else:
        from harness.board.suite_view import print_suite

        print_suite(found, console())
    if any(step.status == "failed" for step in found.instruments.values()):
        raise typer.Exit(1)
