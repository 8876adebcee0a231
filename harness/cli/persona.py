"""``persona``: who does a model say it is?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Device, Json, Results, Think
from harness.errors import RecordError, UsageError

if TYPE_CHECKING:
    from harness.runs.instruments import InstrumentRecord


def persona(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|MODEL",
            help="A run (all its arms side by side), or a model as for 'evaluate'.",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Who names the voices; by default the run's own judge."),
    ] = None,
    classify: Annotated[
        bool, typer.Option("--classify/--no-classify", help="Let a judge name the voices.")
    ] = True,
    samples: Annotated[int, typer.Option(min=1, help="Answers to each question.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Sampling seed.")] = 0,
    sweep: Annotated[
        int,
        typer.Option(min=0, help="Ask each open question so often under each of 18 roles, too."),
    ] = 0,
    across_runs: Annotated[
        bool,
        typer.Option(
            "--across-runs",
            help="Does it move with the measured rate? Ranks over all runs that have a record.",
        ),
    ] = False,
    think: Think = None,
    device: Device = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Probe a model's names for itself, the voices it speaks in, and how it rates itself.

    Aliases of jailbreak personas (DAN, AntiGPT …) are compared with neutral names by their
    log-probability, counted in answers and thoughts; the self-rating stands beside a control
    battery that catches mere habits of replying.
    """
    if across_runs:
        _across(target, results, json_output)
        return
    if target is None:
        raise UsageError("Name a run or a model, or give --across-runs.")
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.models.devices import choose_device
    from harness.runs.judges import any_judge
    from harness.runs.persona.instrument import measure_persona
    from harness.runs.persona.targets import find_target
    from harness.workspace import Workspace

    choose_device(device)
    workspace = Workspace.here(results)
    known = any_judge(judge, workspace) if judge and classify else None
    asked = find_target(
        target, workspace, samples=samples, seed=seed, judge=known, classify=classify, think=think,
        sweep=sweep,
    )  # fmt: skip
    with closing(make_progress()) as progress:
        record = measure_persona(asked, workspace, progress)
    tell(record, json_output, _print)


def _across(target: str | None, results: Path | None, json_output: bool) -> None:
    from harness.board.text import clean
    from harness.cli.output import console, emit_json, stderr_console
    from harness.runs.persona.across import across_runs
    from harness.workspace import Workspace

    if target is not None:
        raise UsageError("--across-runs takes all runs of the results folder; name none.")
    groups, left_out = across_runs(Workspace.here(results).results)
    for problem in left_out:
        stderr_console().print(f"left out: {clean(problem)}", markup=False)
    if not groups:
        hint = "Make records first: python -m harness persona RUN"
        raise RecordError("No run of this folder has a persona record and a rate.", hint=hint)
    if json_output:
        emit_json({"groups": [group.to_json() for group in groups], "left_out": left_out})
        return
    from harness.board.across_view import print_across

    print_across(groups, console())


def _print(record: InstrumentRecord) -> None:
    from harness.board.instruments_view import print_instrument
    from harness.cli.output import console

    print_instrument(record, console())
