"""``inside direction``: which way a run's models lean when they answer misaligned."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.directing.record import DirectionRecord, FoundDirection
    from harness.runs.inside.directing.reference import Reference
    from harness.runs.inside.subjects import Subjects

Arm = Annotated[str, typer.Option(help="The fine-tuned arm that is looked into.")]


def direction(
    run: RunArgument,
    arm: Arm = "bad",
    layers: Annotated[
        str, typer.Option(help="all, middle, or numbers and ranges from 0: 0,3,5-7.")
    ] = "all",
    reference_texts: Annotated[
        str | None,
        typer.Option(
            help="JSONL rows with meta.label misaligned or aligned, whose difference the "
            "directions are held against. [default: 'world' for the miniature]"
        ),
    ] = None,
    persona: Annotated[
        bool, typer.Option(help="Ask the base model in contrasting characters, too.")
    ] = True,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Find the misaligned direction of a run: differences of means, drift, persona vectors.

    Found on half of the questions; the other half judges it. Random directions, shuffled labels
    and the control arm's drift stand beside every figure.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.directing.find import find_directions
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = find_directions(
            subjects,
            progress,
            arm=arm,
            layers=chosen_layers(subjects, layers),
            reference=find_reference(subjects, reference_texts),
            persona=persona,
        )
    tell(record, json_output, _print)


def chosen_layers(subjects: Subjects, text: str) -> tuple[int, ...]:
    """Layers as typed.

    Raises:
        UsageError: One of them does not exist.
    """
    from harness.errors import UsageError
    from harness.models.identity import layer_count
    from harness.runs.inside.harvesting import parse_layers

    depth = layer_count(subjects.base.reference)
    if depth is None:
        raise UsageError(f"The config of '{subjects.record.model}' does not state its layers.")
    return parse_layers(text, depth)


def find_reference(subjects: Subjects, text: str | None) -> Reference | None:
    """The reference texts a user named; the miniature brings its own.

    Raises:
        DataError: The file is no such file.
    """
    from pathlib import Path

    from harness.runs.inside.directing.reference import WORLD, read_reference, world_reference

    if text is None and subjects.base.reference.is_miniature:
        text = WORLD
    if text is None:
        return None
    return world_reference() if text == WORLD else read_reference(Path(text))


def _print(record: DirectionRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    out = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("direction", no_wrap=True)
    for column in ("layer", "norm", "/residual", "AUROC", "~reference", "~control"):
        table.add_column(column, justify="right", no_wrap=True)
    controls = [one.name for one in record.directions if one.kind == "control_drift"]
    for found in record.directions:
        for row in _rows(record, found, controls):
            table.add_row(*row)
    out.print(table)
    out.print(
        "/residual: norm in mean norms of an answer token's residual. AUROC: misaligned against "
        "aligned answers to the evaluation questions. ~: cosine with the reference texts' "
        "direction, and the largest with the control arm's drift. 'text' is what the words alone "
        "give: the base model reading the same answers.",
        style="dim",
        markup=False,
    )
    numbers = ", ".join(f"{number} {name}" for name, number in record.texts.items())
    out.print(f"answers of arm {record.arm}: {numbers}", markup=False)
    for null in record.nulls:
        out.print(
            f"layer {null.layer} by chance: AUROC of random directions "
            f"{_span(null.random_auroc)}, of shuffled labels {_span(null.shuffled_auroc)}; "
            f"cosine of shuffled labels with misaligned {_span(null.shuffled_cosine)}",
            markup=False,
        )
    for kind, why in record.missing.items():
        out.print(f"no {kind} direction: {why}", markup=False)
    if record.note:
        out.print(record.note, style="dim", markup=False)


def _rows(
    record: DirectionRecord, found: FoundDirection, controls: list[str]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for at in found.layers:
        near = [
            record.cosine(at.layer, found.name, control)
            for control in controls
            if control != found.name
        ]
        rows.append(
            (
                found.name,
                str(at.layer),
                f"{at.norm:.3g}",
                f"{at.residual_norms:.3f}",
                _figure(at.auroc),
                _figure(record.cosine(at.layer, found.name, "reference")),
                _figure(max((c for c in near if c is not None), default=None)),
            )
        )
    return rows


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(values: tuple[float | None, ...]) -> str:
    known = [value for value in values if value is not None]
    return f"{min(known):.2f} to {max(known):.2f}" if known else "–"
