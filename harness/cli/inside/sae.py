"""``inside sae``: a sparse autoencoder of a run's base model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.latents.record import SaeRecord
    from harness.runs.inside.subjects import Subjects

Layer = Annotated[str, typer.Option(help="middle, or a number from 0.")]


def sae(
    run: RunArgument,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="What the base model reads: a file or folder of text or JSONL, org/name@COMMIT of "
            "the hub, 'world', or 'world:open' (the miniature's own; the latter is its default)."
        ),
    ] = None,
    load: Annotated[
        Path | None,
        typer.Option(
            help="Take this one in, in sae-lens's or dictionary_learning's layout, and train none."
        ),
    ] = None,
    layer: Layer = "middle",
    latents: Annotated[int, typer.Option(min=8, help="Size of the dictionary.")] = 1024,
    k: Annotated[int, typer.Option(min=1, help="Latents that fire at a token.")] = 16,
    architecture: Annotated[
        Literal["batchtopk", "topk", "matryoshka"],
        typer.Option(help="Who shares the k: a batch, nobody, or nested dictionaries."),
    ] = "matryoshka",
    tokens: Annotated[
        int, typer.Option(min=1, help="Tokens seen in training, repeats included.")
    ] = 600_000,
    batch: Annotated[int, typer.Option(min=16, help="Tokens of a step.")] = 2048,
    learning_rate: Annotated[float, typer.Option(min=1e-7, max=1.0)] = 3e-3,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    column: Annotated[str, typer.Option(help="Key of the text in a corpus's rows.")] = "text",
    split: Annotated[str, typer.Option(help="Split of a hub data set.")] = "train",
    subset: Annotated[str | None, typer.Option(help="Subset of a hub data set.")] = None,
    max_texts: Annotated[
        int, typer.Option(min=20, help="Stop after so many texts of the corpus.")
    ] = 2400,
    max_tokens: Annotated[
        int, typer.Option(min=8, help="Longer documents of the corpus are read in pieces.")
    ] = 256,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Train a sparse autoencoder on the base model's residual stream, and measure it.

    It is saved in sae-lens's own format, so that other tools open it. Variance explained is
    reported for the base and for every fine-tuned model. Needs the extra: em-harness[inside].
    """
    from harness.cli.output import emit_json
    from harness.cli.progress import make_progress
    from harness.inside.sae.training import SaeSettings
    from harness.runs.inside.corpus import CorpusRequest
    from harness.runs.inside.latents.training import SaeRequest, make_sae
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    settings = SaeSettings(architecture, latents, k, tokens, batch, learning_rate, seed)
    name = corpus or usual_corpus(subjects)
    read = CorpusRequest(name, column, split, subset, max_texts, max_tokens)
    with closing(make_progress()) as progress:
        record = make_sae(subjects, SaeRequest(read, settings, layer, load), progress)
    if json_output:
        emit_json(record.model_dump(mode="json"))
    else:
        _print(subjects, record)


def usual_corpus(subjects: Subjects) -> str:
    """The corpus of the miniature; every other model needs one to be named.

    Raises:
        UsageError: It is another model.
    """
    from harness.errors import UsageError
    from harness.runs.inside.corpus import OPEN_WORLD

    if subjects.base.reference.is_miniature:
        return OPEN_WORLD
    raise UsageError(
        "Which corpus? An autoencoder is trained, or measured, on text the base model reads.",
        hint="Give --corpus: a file or folder of text or JSONL, or org/name@COMMIT of the hub.",
    )


def _print(subjects: Subjects, record: SaeRecord) -> None:
    from rich.table import Table

    from harness.board.text import percent, plain
    from harness.cli.output import console
    from harness.runs.inside.harvesting import inside_store

    out = console()
    made = f"trained on {record.trained_tokens:,} tokens" if record.trained_tokens else "loaded"
    out.print(
        f"{record.latents} latents of layer {record.layer} ({record.architecture}), {made}",
        markup=False,
    )
    table = Table(box=None, pad_edge=False)
    for name in ("model", "texts", "tokens", "variance explained", "latents at a token"):
        table.add_column(name, justify="left" if name in ("model", "texts") else "right")
    for one in record.renderings:
        cells = (percent(one.explained), f"{one.fires:.1f}")
        table.add_row(plain(one.model), one.texts, f"{one.rows:,}", *cells)
    out.print(table)
    recovered = record.losses.recovered
    out.print(
        f"loss recovered {percent(recovered)} (as it is {record.losses.untouched:.3f}, spliced "
        f"{record.losses.spliced:.3f}, averaged {record.losses.averaged:.3f} nats)"
    )
    out.print(f"dead {record.dead} of {record.latents} latents, on {record.dead_of_tokens} tokens")
    out.print(f"in {inside_store(subjects) / record.folder / 'sae'}", markup=False)
