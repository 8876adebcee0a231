"""``inside steer``: does the direction alone make the untouched model misaligned?"""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from harness.cli.inside.ablate import Draws, known_directions, print_causal
from harness.cli.inside.direction import Arm
from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results


def steer(
    run: RunArgument,
    arm: Arm = "bad",
    samples: Annotated[
        int, typer.Option(min=1, help="Answers to each evaluation question in each condition.")
    ] = 12,
    search_samples: Annotated[
        int, typer.Option(min=1, help="Answers to each discovery question at each try.")
    ] = 4,
    draws: Draws = 3,
    limit: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share of coherent answers that a dose may cost."),
    ] = 0.10,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Add the misaligned direction to the base model and draw its dose-response curve.

    Place and strength are chosen on half of the questions, figures are of the other half.
    Strengths are given in norms of the direction and in norms of the residual stream.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.causing.steer import SteerSettings
    from harness.runs.inside.causing.steer import steer as measure
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        directions = known_directions(subjects, arm, progress)
        settings = SteerSettings(samples, search_samples, draws, limit)
        record = measure(subjects, directions, settings, progress)
    tell(record, json_output, print_causal)
