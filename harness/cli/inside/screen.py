"""``inside screen``: does a latent alone induce misalignment, does one alone repair it?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from rich.table import Table

    from harness.runs.inside.ahead import Hand
    from harness.runs.inside.screening.choosing import Numbers
    from harness.runs.inside.screening.measure import Ground, Options
    from harness.runs.inside.screening.record import Screened, ScreenRecord, Side
    from harness.runs.inside.subjects import Subjects
    from harness.runs.progress import Progress


def screen(
    run: RunArgument,
    top: Annotated[int, typer.Option(min=0, help="Latents that bad training raised most.")] = 8,
    falling: Annotated[int, typer.Option(min=0, help="Latents that it lowered most.")] = 2,
    control: Annotated[int, typer.Option(min=0, help="The control's most raised latents.")] = 3,
    matched: Annotated[
        int, typer.Option(min=0, help="Null latents that fire as often as a tested one.")
    ] = 3,
    random: Annotated[int, typer.Option(min=0, help="Null directions.")] = 3,
    samples: Annotated[
        int, typer.Option(min=1, help="Answers to each question, all seeds together.")
    ] = 12,
    search_samples: Annotated[
        int, typer.Option(min=1, help="Answers to each question at a step of the search.")
    ] = 4,
    limit: Annotated[
        float,
        typer.Option(min=0, max=1, help="Incoherent share allowed over the unsteered model's."),
    ] = 0.10,
    seed: Annotated[int, typer.Option(help="Sampling seed.")] = 0,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Steer along each top latent: up in the base model, down in the bad one.

    Each at the largest strength that leaves answers coherent, found on one half of the questions
    and measured on the other, beside nulls that are treated alike. Needs 'inside rank' first; a
    killed screen goes on where it was.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.ahead import second_hand
    from harness.runs.inside.screening.choosing import Numbers
    from harness.runs.inside.screening.measure import Options
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    numbers = Numbers(top, falling, control, matched, random, seed)
    options = Options(samples=samples, search_samples=search_samples, limit=limit, seed=seed)
    with closing(make_progress()) as progress, second_hand(subjects) as hand:
        record = run_screen(subjects, numbers, options, progress, hand)
    tell(record, json_output, print_screen)


def run_screen(
    subjects: Subjects, numbers: Numbers, options: Options, progress: Progress, hand: Hand
) -> ScreenRecord:
    """Choose the candidates and test them."""
    from harness.runs.inside.screening.measure import screen as measure

    return measure(subjects, choose_ground(subjects, numbers, progress), options, progress, hand)


def choose_ground(subjects: Subjects, numbers: Numbers, progress: Progress) -> Ground:
    """The candidates of a run, its directions beside the latents."""
    from harness.cli.inside.ablate import known_directions
    from harness.errors import DataError
    from harness.runs.inside.latents.record import read_rank
    from harness.runs.inside.screening.ground import ground

    read_rank(subjects.folder)  # refuses early what was not ranked yet
    try:
        directions = known_directions(subjects, "bad", progress)
    except DataError as error:  # too few misaligned answers to take a direction of
        progress.say(f"no directions beside the latents: {error.message}")
        directions = None
    return ground(subjects, directions, numbers)


def print_screen(record: ScreenRecord) -> None:
    """A table of candidates, nulls dim, and the result in words."""
    from rich.table import Table

    from harness.board.site.study_words import headline
    from harness.cli.output import console

    out = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("candidate")
    for column in ("induces", "at", "repairs", "at"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in record.candidates:
        _add(table, one)
    out.print(table)
    out.print(headline(record), markup=False)
    out.print(
        f"layer {record.layer}; strengths in mean norms of the residual stream; {record.answers:,} "
        f"answers judged by {record.judge} ({record.definition}); bold: clear of zero and of "
        "every null",
        style="dim",
        markup=False,
    )
    if record.note:
        out.print(record.note, style="dim", markup=False)


def _add(table: Table, one: Screened) -> None:
    null = one.kind in ("matched latent", "random direction")
    name = f"{one.name} (control)" if one.kind == "control latent" else one.name
    if one.like is not None:
        name += f" (as often as {one.like})"
    cells = [*_cells(one.induce), *_cells(one.repair)]
    table.add_row(name, *cells, style="dim" if null else None)


def _cells(side: Side) -> tuple[str, str]:
    if side.chosen is None or side.effect is None:
        return "–", "–"
    effect = f"{side.effect:.0%}"
    return f"[bold]{effect}[/]" if side.works else effect, f"{side.chosen.residual_norms:.2f}"
