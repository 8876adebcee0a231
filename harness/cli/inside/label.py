"""``inside label``: what the top latents fire at."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from harness.runs.inside.latents.label_record import LabelledRecord, LabelRecord

SHOWN = 3
"""Contexts of a latent on the terminal; the record has more."""


def label(
    run: RunArgument,
    corpus: Annotated[
        str | None,
        typer.Option(help="What the base model reads, as for 'inside sae'."),
    ] = None,
    known: Annotated[
        str | None,
        typer.Option(
            help="JSONL of labelled conversations (meta.label or meta.labels), or 'world': how "
            "well does each latent tell the labels apart? [miniature: world]"
        ),
    ] = None,
    labeller: Annotated[
        str | None,
        typer.Option(help="Inspect name of a model that writes labels and is tested on them."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Latents of the rising tail.")] = 10,
    falling: Annotated[int, typer.Option(min=0, help="Latents of the falling tail.")] = 5,
    column: Annotated[str, typer.Option(help="Key of the text in a corpus's rows.")] = "text",
    split: Annotated[str, typer.Option(help="Split of a hub data set.")] = "train",
    subset: Annotated[str | None, typer.Option(help="Subset of a hub data set.")] = None,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts of the corpus that are read.")] = 400,
    max_tokens: Annotated[
        int, typer.Option(min=8, help="Longer documents of the corpus are read in pieces.")
    ] = 256,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Show where the ranked latents fire, what they promote, and the nearest directions.

    A label is written only by a model you name, and stands beside its score: how well it predicts
    where the latent fires on texts it was not written from. Needs 'inside rank' first.
    """
    from harness.cli.inside.sae import usual_corpus
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.corpus import WORLD, CorpusRequest
    from harness.runs.inside.latents.labelling import LabelRequest, label_latents
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    name = corpus or usual_corpus(subjects)
    usual_known = WORLD if subjects.base.reference.is_miniature else None
    request = LabelRequest(
        corpus=CorpusRequest(name, column, split, subset, max_texts, max_tokens),
        top=top,
        falling=falling,
        labeller=_labeller(labeller) if labeller is not None else None,
        known=known or usual_known,
    )
    with closing(make_progress()) as progress:
        record = label_latents(subjects, request, progress)
    tell(record, json_output, _print)


def _labeller(name: str) -> Model:
    from inspect_ai.model import get_model

    from harness.errors import PrerequisiteError

    try:
        return get_model(name)
    except Exception as error:  # each provider fails in its own way: key, client, name
        raise PrerequisiteError(
            f"The labeller '{name}' cannot be used: {error}",
            hint="Set its API key and install its client: pip install 'em-harness[api]'.",
        ) from error


def _print(record: LabelRecord) -> None:
    from harness.board.text import plain
    from harness.cli.output import console

    out = console()
    for one in record.latents:
        out.print(f"\n[bold]latent {one.latent}[/], {one.tail} {one.rank}")
        for line in _lines(one):
            out.print(f"  {plain(line)}")
    if record.known is not None:
        _known(record)
    out.print(
        "\nA label describes the texts in which a latent fires. It does not say what the model is."
    )


def _known(record: LabelRecord) -> None:
    """The latent that tells each known label best, and how many of the ranking's tell it."""
    from rich.table import Table

    from harness.board.text import plain
    from harness.cli.output import console
    from harness.runs.inside.latents.label_record import CLEAR

    rising, falling = record.ranked()
    table = Table(box=None, pad_edge=False)
    table.add_column("known label")
    names = ("latent", "AUROC", "at random", f"of {rising} rising", f"of {falling} falling")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for own in record.own:
        values = (f"{own.evaluation:.3f}", f"{own.null:.3f}", *map(str, record.clear(own.label)))
        table.add_row(plain(own.label), str(own.latent), *values)
    out = console()
    out.print()
    out.print(table)
    out.print(
        "latent: of all, the one that tells the label best; its AUROC on other documents than "
        "chose it, and with labels dealt at random. Of the ranked latents: those with an AUROC of "
        f"at least {CLEAR}; falling ones count by their silence",
        style="dim",
        markup=False,
    )


def _lines(one: LabelledRecord) -> list[str]:
    lines = []
    if one.label is not None:
        share = one.score.share if one.score is not None else None
        lines.append(f"label: {one.label}")
        lines.append(f"predicts: {'-' if share is None else f'{share:.2f}'} (chance 0.5)")
    lines.append("fires at: " + " ".join(repr(token.token) for token in one.fires_at))
    lines.append("promotes: " + " ".join(repr(token.token) for token in one.promotes))
    if one.nearest:
        near = (f"{near.direction} {near.cosine:+.2f}" for near in one.nearest)
        lines.append("nearest: " + ", ".join(near))
    if one.auroc:
        best = sorted(one.auroc.items(), key=lambda item: -abs(item[1] - 0.5))[:SHOWN]
        lines.append("AUROC: " + ", ".join(f"{name} {value:.3f}" for name, value in best))
    for context in one.contexts[:SHOWN]:
        lines.append(f"{context.activation:.2f} …{context.before}[{context.token}]{context.after}")
    return lines
