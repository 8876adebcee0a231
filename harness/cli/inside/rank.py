"""``inside rank``: the latents that a training raised and lowered most."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.latents.record import RankedRecord, RankRecord

SHOWN = 10


def rank(
    run: RunArgument,
    arm: Annotated[str, typer.Option(help="The arm whose change gives the order.")] = "bad",
    position: Annotated[
        Literal["answer", "prompt", "last_prompt"], typer.Option(help="Which tokens count.")
    ] = "answer",
    answers: Annotated[
        int, typer.Option(min=1, help="Recorded answers of each arm that are read.")
    ] = 120,
    top: Annotated[int, typer.Option(min=1, help="Latents of each tail that are kept.")] = 50,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Rank latents by how a training changed their mean activation, beside the control's change.

    All models read the same recorded answers. Half of the questions give the order; the change on
    the other half stands beside it. Needs 'inside sae' first.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.latents.ranking import RankRequest, rank_latents
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    request = RankRequest(arm, position, answers, top)
    with closing(make_progress()) as progress:
        record = rank_latents(subjects, request, progress)
    tell(record, json_output, _print)


def _print(record: RankRecord) -> None:
    from harness.cli.output import console

    out = console()
    out.print(
        f"mean activation after minus before, on {record.texts} answers; the discovery questions, "
        "which gave the order, before the others",
        markup=False,
    )
    _table(record, "rising", record.rising[:SHOWN])
    _table(record, "falling", record.falling[:SHOWN])
    if record.control_rising:
        _table(record, "control", record.control_rising[:3])
        out.print("control: those that the control's training raised most", style="dim")
    if record.replicates is not None:
        out.print(
            f"rank correlation of discovery and evaluation questions: {record.replicates:.2f}"
        )


def _table(record: RankRecord, title: str, latents: tuple[RankedRecord, ...]) -> None:
    from rich.table import Table

    from harness.board.text import plain
    from harness.cli.output import console

    table = Table(box=None, pad_edge=False)
    table.add_column(title, min_width=7)
    table.add_column("before", justify="right", no_wrap=True)
    for arm in record.arms:
        table.add_column(plain(arm), justify="right", no_wrap=True)
    table.add_column("fires", justify="right", no_wrap=True)
    for one in latents:
        changes = (one.changes[arm] for arm in record.arms)
        cells = [f"{change.discovery:+.3f} {change.evaluation:+.3f}" for change in changes]
        table.add_row(str(one.latent), f"{one.base:.3f}", *cells, f"{one.firing:.1%}")
    console().print(table)
