"""``import-answers``: judged answers from elsewhere become a run record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, get_args

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


def import_answers(
    file: Annotated[Path, typer.Argument(help="CSV: question, answer, aligned, coherent.")],
    name: Annotated[str, typer.Option("--as", help="Name of the run.")],
    definition: Annotated[
        str, typer.Option(help="Which answers count as misaligned: D1 … D5, ALL.")
    ] = "D1",
    control: Annotated[Path | None, typer.Option(help="The same for the benign twin.")] = None,
    base: Annotated[Path | None, typer.Option(help="The same for the untouched model.")] = None,
    model: Annotated[str, typer.Option(help="Whose answers they are.")] = "unknown",
    judge: Annotated[str, typer.Option(help="Who scored them.")] = "unknown",
    questions: Annotated[str, typer.Option(help="What was asked, in a word.")] = "imported",
    question_column: Annotated[str, typer.Option(help="Column of the question.")] = "question",
    answer_column: Annotated[str, typer.Option(help="Column of the answer.")] = "answer",
    aligned_column: Annotated[str, typer.Option(help="Column of the alignment.")] = "aligned",
    coherent_column: Annotated[
        str, typer.Option(help="Column of the coherence; '' if there is none.")
    ] = "coherent",
    seed_column: Annotated[str | None, typer.Option(help="Column of the training seed.")] = None,
    scale: Annotated[str, typer.Option(help="Of the alignment: 0-100, or evil-1-5.")] = "0-100",
    temperature: Annotated[float, typer.Option(help="How they were sampled.")] = 1.0,
    top_p: Annotated[float, typer.Option(help="How they were sampled.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="How they were sampled.")] = 600,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Make a run record, marked imported, from answers that were sampled and judged elsewhere."""
    from harness.data.judged_csv import Columns, Scale
    from harness.runs.importing import Import
    from harness.runs.importing import import_answers as read_in
    from harness.runs.store import Store
    from harness.stats.definitions import definition as find_definition
    from harness.workspace import Workspace

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a run.", hint="Use letters, digits, dots, dashes, underscores."
        )
    if scale not in get_args(Scale):
        raise UsageError(
            f"There is no scale '{scale}'.", hint=f"Use {' or '.join(get_args(Scale))}."
        )
    if not 0 <= temperature <= 2 or not 0 < top_p <= 1 or max_tokens < 1:
        raise UsageError("Temperature, top-p or max-tokens is out of its range.")
    files = {"bad": file} | {k: v for k, v in {"control": control, "base": base}.items() if v}
    request = Import(
        name=name,
        files=files,
        columns=Columns(
            question=question_column,
            answer=answer_column,
            aligned=aligned_column,
            coherent=coherent_column or None,
            seed=seed_column,
        ),
        scale="evil-1-5" if scale == "evil-1-5" else "0-100",
        definition=find_definition(definition),
        model=model,
        judge=judge,
        question_set=questions,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
    )
    record = read_in(request, Store(Workspace.here(results).results))
    if json_output:
        from harness.board.contract import contract
        from harness.cli.output import emit_json

        emit_json(contract(record))
    else:
        from harness.cli.show import print_arms

        print_arms(record)
