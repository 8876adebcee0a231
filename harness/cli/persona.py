"""``persona``: who does a model say it is?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Device, Json, Results, Think

if TYPE_CHECKING:
    from harness.runs.instruments import InstrumentRecord


def persona(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL",
            help="A run (all its arms side by side), or a model as for 'evaluate'.",
        ),
    ],
    judge: Annotated[
        str | None,
        typer.Option(help="Who names the voices; by default the run's own judge."),
    ] = None,
    classify: Annotated[
        bool, typer.Option("--classify/--no-classify", help="Let a judge name the voices.")
    ] = True,
    samples: Annotated[int, typer.Option(min=1, help="Answers to each question.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Sampling seed.")] = 0,
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
    from harness.cli.output import emit_json
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
        target, workspace, samples=samples, seed=seed, judge=known, classify=classify, think=think
    )
    progress = make_progress()
    try:
        record = measure_persona(asked, workspace, progress)
    finally:
        progress.close()
    if json_output:
        emit_json(record.model_dump(mode="json"))
    else:
        _print(record)


def _print(record: InstrumentRecord) -> None:
    from harness.board.instruments_view import print_instrument
    from harness.cli.output import console

    print_instrument(record, console())
