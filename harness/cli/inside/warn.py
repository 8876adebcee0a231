"""``inside warn``: which dose of bad data shows inside before it shows in behaviour?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.subjects import Subjects
    from harness.runs.inside.warning.record import Signal, WarnRecord
    from harness.runs.progress import Progress


def warn(
    run: RunArgument,
    layer: Annotated[
        int | None, typer.Option(help="Where directions are watched. [default: the best]")
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Read a dose sweep from outside and from inside, and say what tells the smallest dose.

    The sweep is every recorded run that differs from this one in --bad-fraction alone. Behaviour,
    the study's latents and directions, and simple drifts (PCA-1, KL on neutral text, a bag of
    words) stand side by side; the trained model is the unit of every test.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = run_warn(subjects, layer, progress)
    tell(record, json_output, _print)


def run_warn(subjects: Subjects, layer: int | None, progress: Progress) -> WarnRecord:
    """Read the sweep, with all that the study has found so far."""
    from harness.cli.inside.ablate import known_directions
    from harness.runs.inside.warning.measure import warn as measure
    from harness.runs.inside.warning.sweep import sweep
    from harness.runs.inside.warning.watching import watch

    sweep(subjects, subjects.workspace)  # refuses early what has no doses
    directions = known_directions(subjects, "bad", progress)
    return measure(subjects, watch(subjects, directions, layer), progress)


def _print(record: WarnRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    out = console()
    doses = sorted({test.dose for signal in record.signals for test in signal.tests})
    table = Table(box=None, pad_edge=False)
    table.add_column("signal")
    for dose in doses:
        table.add_column(f"{dose:.0%}", justify="right")
    table.add_column("first", justify="right")
    for signal in record.signals:
        style = "dim" if signal.family == "baseline" else None
        first = "none" if signal.first is None else f"{signal.first:.0%}"
        table.add_row(signal.name, *_cells(signal), first, style=style)
    out.print(table)
    earlier = ", ".join(record.earlier) or "nothing from inside"
    out.print(f"earlier than behaviour: {earlier}", markup=False)
    if record.beaten is not None:
        word = "beats" if record.beaten else "does not beat"
        out.print(f"the earliest {word} every simple drift", markup=False)
    out.print(
        f"p of Welch's t over trained models; {record.texts} texts; {len(record.runs)} runs",
        style="dim",
        markup=False,
    )
    if record.note:
        out.print(record.note, style="dim", markup=False)


def _cells(signal: Signal) -> list[str]:
    return ["–" if test.p is None else f"p {test.p:.2g}" for test in signal.tests]
