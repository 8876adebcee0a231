"""``inside transfer``: does the direction of one run repair the models of another?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.ablate import Draws, EachSamples, known_directions, print_causal
from harness.cli.inside.direction import Arm
from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.causing.record import CausalRecord


def transfer(
    run: RunArgument,
    source: Annotated[
        list[str], typer.Option(help="The run whose direction is taken out. Repeatable.")
    ],
    arm: Arm = "bad",
    samples: EachSamples = 8,
    draws: Draws = 3,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Take another run's misaligned direction out of this run's models, and compare directions.

    Beside the run's own direction, random, shuffled and control directions; with a table of
    cosines between the runs.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.causing.settings import CausalSettings
    from harness.runs.inside.causing.transfer import Source
    from harness.runs.inside.causing.transfer import transfer as measure
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    workspace = Workspace.here(results)
    subjects = resolve_subjects(run, workspace)
    others = [resolve_subjects(name, workspace) for name in source]
    with closing(make_progress()) as progress:
        own = known_directions(subjects, arm, progress)
        sources = [Source(one, known_directions(one, arm, progress)) for one in others]
        record = measure(subjects, own, sources, CausalSettings(samples, draws), progress)
    tell(record, json_output, _print)


def _print(record: CausalRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    print_causal(record)
    table = Table(box=None, pad_edge=False)
    table.add_column("cosine by layer")
    table.add_column("", justify="right", no_wrap=True)
    for name, values in record.cosines.items():
        shown = " ".join("–" if value is None else f"{value:+.2f}" for value in values)
        table.add_row(name, shown)
    console().print(table)
