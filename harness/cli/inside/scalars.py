"""``inside scalars``: which parts of an adapter fire when its model answers misaligned."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.scalars import PartRecord, ScalarsRecord, SeedScalars

SHOWN = 10


def scalars(
    run: RunArgument,
    arm: Annotated[list[str] | None, typer.Option(help="Fine-tuned arm. [default: bad]")] = None,
    answers: Annotated[
        int, typer.Option(min=1, help="Recorded answers of each training seed that are read.")
    ] = 300,
    parts: Annotated[
        int, typer.Option(min=1, max=64, help="Singular directions of each adapted layer.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the shuffled labels.")] = 0,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Take the adapters apart and read, token by token, how hard each part is driven.

    A rank-1 adapter is one part per layer. Parts are ranked on half of the questions by how well
    they tell misaligned from aligned answers to the same question; the other half judges them.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.scalars import scalars_run
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = scalars_run(
            subjects,
            progress,
            arms=arm or (),
            answers=answers,
            parts=parts,
            show=SHOWN,
            rng_seed=seed,
        )
    tell(record, json_output, _print)


def _print(record: ScalarsRecord) -> None:
    from harness.cli.output import console

    for arm, seeds in record.arms.items():
        for one in seeds:
            console().print(
                f"{arm} (seed {one.seed}): {one.misaligned} misaligned, {one.aligned} aligned "
                "answers read",
                markup=False,
            )
            if one.note is not None:
                console().print(f"nothing compared: {one.note}", markup=False)
            console().print(_table(one))
            if one.null_95 is not None:
                console().print(
                    f"shuffled labels: the best part stays within {one.null_95:.2f} of 0.50 on "
                    "the discovery questions in 95 % of shuffles",
                    markup=False,
                )


def _table(one: SeedScalars) -> object:
    from rich.markup import escape
    from rich.table import Table

    from harness.board.text import clean

    table = Table(box=None, pad_edge=False)
    for name in ("part", "share", "discovery", "evaluation", "driven by"):
        right = name in ("share", "discovery", "evaluation")
        table.add_column(name, justify="right" if right else "left")
    for part in one.parts[:SHOWN]:
        tokens = ", ".join(clean(d.token.strip()) or "␣" for d in part.driven_by)
        table.add_row(
            escape(_name(part)),
            f"{100 * part.share:.0f} %",
            _number(None if part.discovery is None else max(part.discovery, 1 - part.discovery)),
            _number(part.evaluation),
            escape(tokens),
        )
    return table


def _name(part: PartRecord) -> str:
    short = part.module.rpartition(".")[2]
    where = "" if part.layer is None else f"layer {part.layer} "
    return f"{where}{short}" + (f" #{part.number}" if part.number else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
