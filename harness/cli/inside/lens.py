"""``inside lens``: at which layer fine-tuned models begin to answer differently."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.lens import Figure, LensLayer, LensRecord


def lens(
    run: RunArgument,
    layers: Annotated[
        str, typer.Option(help="all, middle, or numbers and ranges from 0: 0,3,5-7.")
    ] = "all",
    arm: Annotated[list[str] | None, typer.Option(help="Fine-tuned arm. [default: all]")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random directions.")] = 0,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Read every layer out by the model's own head, where the answer's first token is chosen.

    Divergence from the base model in nats, beside that of the base residual moved as far in random
    directions; and the tokens whose chance rose. A layer whose read-out moves is where the change
    shows, which need not be where it is made.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.lens import lens_run
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = lens_run(subjects, progress, layers=layers, arms=arm or (), rng_seed=seed)
    tell(record, json_output, _print)


def _print(record: LensRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    table = Table(box=None, pad_edge=False)
    for name in ("arm", "layer", "KL to base (nats)", "random", "moved", "first tokens that rose"):
        right = name not in ("arm", "first tokens that rose")
        table.add_column(name, justify="right" if right else "left")
    for arm, shown in record.arms.items():
        for one in shown:
            table.add_row(arm, str(one.layer), *_cells(one))
    console().print(table)
    seeds = ", ".join(f"{arm} {count}" for arm, count in record.seeds.items())
    console().print(
        f"{record.questions} questions; training seeds: {seeds}; random: the base residual moved "
        f"as far, {record.draws} directions each",
        markup=False,
    )


def _cells(one: LensLayer) -> list[str]:
    from rich.markup import escape

    from harness.board.text import clean

    rose = ", ".join(
        f"{clean(shift.token.strip()) or '␣'} {100 * shift.base:.0f}→{100 * shift.tuned:.0f} %"
        for shift in one.risen[:3]
    )
    random = "–" if one.random.value is None else f"{one.random.value:.2g}"
    return [_words(one.divergence), random, f"{100 * one.moved:.2g} %", escape(rose)]


def _words(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2g}"
    return f"{figure.value:.2g} [{max(0.0, figure.low):.2g}, {figure.high:.2g}]"
