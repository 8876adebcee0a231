"""``inside harvest``: activations of a run's models on the same texts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.inside.texts import Position
    from harness.runs.inside.harvesting import HarvestRecord
    from harness.runs.inside.subjects import Subjects

RunArgument = Annotated[str, typer.Argument(help="A run id, or its beginning or end.")]


def harvest(
    run: RunArgument,
    layers: Annotated[
        str, typer.Option(help="all, middle, or numbers and ranges from 0: 0,3,5-7.")
    ] = "all",
    positions: Annotated[
        str,
        typer.Option(help="Of prompt, answer (each token a row), last_prompt, answer_mean."),
    ] = "answer_mean,last_prompt",
    arm: Annotated[
        list[str] | None, typer.Option(help="Read with this arm's models, too. [default: all]")
    ] = None,
    answers: Annotated[
        int, typer.Option(min=1, help="Recorded answers of each arm that are read.")
    ] = 300,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="Read this instead of the run's answers: a file or folder of text or JSONL, "
            "org/name@COMMIT of the hub, or 'world' (the miniature's)."
        ),
    ] = None,
    column: Annotated[str, typer.Option(help="Key of the text in a corpus's rows.")] = "text",
    split: Annotated[str, typer.Option(help="Split of a hub data set.")] = "train",
    subset: Annotated[str | None, typer.Option(help="Subset of a hub data set.")] = None,
    max_texts: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many texts of a corpus.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(min=8, help="Longer documents of a corpus are read in pieces.")
    ] = 256,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Read the same texts with the base and the fine-tuned models and keep their residual stream.

    Streams safetensors shards into the results folder's store; a killed harvest goes on where it
    was. Layer k is the output of decoder layer k, counted from 0.
    """
    from harness.cli.output import emit_json
    from harness.cli.progress import make_progress
    from harness.runs.inside.corpus import CorpusRequest
    from harness.runs.inside.harvesting import HarvestRequest, harvest_run
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    read = (
        None
        if corpus is None
        else CorpusRequest(corpus, column, split, subset, max_texts, max_tokens)
    )
    request = HarvestRequest(layers, parse_positions(positions), tuple(arm or ()), read, answers)
    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = harvest_run(subjects, request, progress)
    if json_output:
        emit_json({"run_id": subjects.record.run_id, **record.model_dump(mode="json")})
    else:
        _print(subjects, record)


def parse_positions(text: str) -> tuple[Position, ...]:
    """Positions as typed, in their fixed order.

    Raises:
        UsageError: One of them does not exist.
    """
    from harness.errors import UsageError
    from harness.inside.texts import POSITIONS

    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = next((name for name in wanted if name not in POSITIONS), None)
    if unknown is not None or not wanted:
        raise UsageError(
            f"There is no position '{unknown or text}'.", hint=f"Positions: {', '.join(POSITIONS)}."
        )
    return tuple(name for name in POSITIONS if name in wanted)


def _print(subjects: Subjects, record: HarvestRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console
    from harness.runs.inside.harvesting import FILE, FOLDER, inside_store

    table = Table(box=None, pad_edge=False)
    for name in ("model", "texts", "tokens", *record.positions, "MiB"):
        justify: Literal["left", "right"] = "left" if name == "model" else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    for model in record.models:
        words = model.arm if model.seed is None else f"{model.arm} (seed {model.seed})"
        rows = [f"{model.rows[p]:,}" for p in record.positions]
        size = f"{model.bytes / 2**20:,.1f}"
        table.add_row(words, f"{model.texts:,}", f"{model.tokens:,}", *rows, size)
    console().print(table)
    layers = ", ".join(map(str, record.layers))
    console().print(
        f"layers {layers} of {record.depth} (from 0), {record.width} wide", markup=False
    )
    listed = subjects.folder / FOLDER / FILE
    console().print(f"in {inside_store(subjects)}; {listed} names the folders", markup=False)
