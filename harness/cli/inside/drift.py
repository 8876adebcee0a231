"""``inside drift``: how far fine-tuning moved a model on text that has nothing to do with it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.drifting.record import DriftRecord


def drift(
    run: RunArgument,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="Neutral text: a file or folder of text or JSONL, org/name@COMMIT of the hub. "
            "[default: built-in sentences]"
        ),
    ] = None,
    max_texts: Annotated[int, typer.Option(min=1, help="Stop after so many texts.")] = 200,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """KL divergence of every fine-tuned model from the base model on neutral text.

    In nats a token, the control arm beside the bad one. Nothing is sampled or judged.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.corpus import CorpusRequest
    from harness.runs.inside.drifting.measure import measure_drift
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    request = CorpusRequest(corpus, most_texts=max_texts) if corpus is not None else None
    subjects = resolve_subjects(run, Workspace.here(results))
    with closing(make_progress()) as progress:
        record = measure_drift(subjects, progress, corpus=request)
    tell(record, json_output, _print)


def _print(record: DriftRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    out = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("KL from base, nats a token", justify="right", no_wrap=True)
    for one in record.divergence:
        words = one.arm if one.seed is None else f"{one.arm}.{one.seed}"
        span = "" if one.low is None else f" ({one.low:.4f} to {one.high:.4f})"
        table.add_row(words, f"{one.nats:.4f}{span}")
    out.print(table)
    out.print(f"on {record.divergence[0].texts} texts: {record.texts}", markup=False)
    if record.note:
        out.print(record.note, style="dim", markup=False)
