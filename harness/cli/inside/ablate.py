"""``inside ablate``: does the bad arm still answer misaligned without its direction?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.direction import Arm, find_reference
from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.causing.record import CausalRecord, Condition
    from harness.runs.inside.directing.record import DirectionRecord
    from harness.runs.inside.subjects import Subjects
    from harness.runs.progress import Progress

EachSamples = Annotated[
    int, typer.Option(min=1, help="Answers to each question from each model and condition.")
]
Draws = Annotated[int, typer.Option(min=1, help="Random directions beside the real ones.")]


def ablate(
    run: RunArgument,
    arm: Arm = "bad",
    samples: EachSamples = 8,
    draws: Draws = 3,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Take the misaligned direction out of the bad arm's models and ask them again.

    At every layer and at one layer at a time; judged by the run's own judge on questions that did
    not find the direction; random, shuffled and control directions beside it.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.causing.ablate import ablate as measure
    from harness.runs.inside.causing.settings import CausalSettings
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        directions = known_directions(subjects, arm, progress)
        record = measure(subjects, directions, CausalSettings(samples, draws), progress)
    tell(record, json_output, print_causal)


def known_directions(subjects: Subjects, arm: str, progress: Progress) -> DirectionRecord:
    """The run's directions: those of ``inside direction`` as it was called, or found now."""
    from harness.runs.inside.directing.find import find_directions, stored_record

    known = stored_record(subjects, arm)
    if known is not None:
        return known
    return find_directions(subjects, progress, arm=arm, reference=find_reference(subjects, None))


def print_causal(record: CausalRecord) -> None:
    """A table of conditions, the nulls behind the others."""
    from rich.table import Table

    from harness.cli.output import console

    out = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("condition")
    # What is put in has a dose; of what is taken out, a share went away.
    steers = record.verb == "steer"
    own = ("norms", "residual") if steers else ("gone", "coherence")
    shares = ("misaligned", "coherent")
    for column in (*own, *shares) if steers else (*shares, *own):
        table.add_column(column, justify="right", no_wrap=True)
    for one in sorted(record.conditions, key=lambda c: c.null is not None):
        style = "dim" if one.null is not None else None
        row = _steered(one, record) if steers else _taken(one)
        table.add_row(*row, style=style)
    out.print(table)
    if steers:
        out.print(
            "norms: strength in norms of the direction, for a null in those of the direction it is "
            "as long as; residual: in mean norms of the residual stream",
            style="dim",
            markup=False,
        )
    if record.chosen is not None:
        out.print(f"chosen on the discovery questions: {record.chosen}", markup=False)
    for what, why in record.missing.items():
        out.print(f"{what}: {why}", markup=False)
    models = f"{len(record.seeds)} models" if record.seeds else "1 model"
    out.print(
        f"{record.edited}, {models}, {record.samples} answers to each of "
        f"{len(record.evaluation)} evaluation questions, judged by {record.judge} "
        f"({record.definition})",
        markup=False,
    )
    if record.note:
        out.print(record.note, style="dim", markup=False)


def _steered(one: Condition, record: CausalRecord) -> tuple[str, ...]:
    from harness.board.site.study_edits import place_words, what_words

    what = what_words(one)
    if one.how is None or what is None:
        return one.name, "–", "–", *_shares(one)
    doses = ["–" if dose is None else f"{dose:.2f}" for dose in (one.of_direction, one.of_residual)]
    return f"{what} {place_words(one.layers, record)}", *doses, *_shares(one)


def _taken(one: Condition) -> tuple[str, ...]:
    gone = "–"
    if one.removed is not None:
        gone = f"{one.removed:.0%}" if one.removed >= 0 else f"{-one.removed:.0%} more"
    points = round(100 * one.coherence_change) if one.coherence_change is not None else None
    return one.name, *_shares(one), gone, "–" if points is None else f"{points:+d} points"


def _shares(one: Condition) -> tuple[str, str]:
    misaligned, coherent = (
        "–" if share.rate is None else f"{share.rate:.0%} ({share.count}/{share.of})"
        for share in (one.misaligned, one.coherent)
    )
    return misaligned, coherent
