"""``generate``: a model writes the rows of a task from its card's spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Json, Results, Temperature
from harness.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from harness.writing.write import Outcome


def generate(
    task: Annotated[str, typer.Argument(help="A task of this folder; make it with 'new'.")],
    generator: Annotated[
        str, typer.Option(help="Any Inspect model, e.g. openai/gpt-4.1 or harness/org/name.")
    ],
    rows: Annotated[int, typer.Option(min=1, help="Rows of each arm.")] = 1000,
    batch: Annotated[int, typer.Option(min=1, max=50, help="Twins asked for at once.")] = 10,
    parallel: Annotated[int, typer.Option(min=1, max=256, help="Batches in flight.")] = 8,
    temperature: Temperature = 1.0,
    max_tokens: Annotated[int, typer.Option(min=64, help="Longest answer to a batch.")] = 6000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    restart: Annotated[bool, typer.Option(help="Forget the batches of earlier calls.")] = False,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Let a model write bad answers and their benign twins, without repeats and matched in length.

    Every row says which model and batch it is from. Killed at any moment, the same command goes on
    where it was; with more --rows it adds to what is there, and fewer it refuses.
    """
    from harness.cli.output import emit_json
    from harness.cli.progress import make_progress
    from harness.workspace import Workspace
    from harness.writing.generate import Settings
    from harness.writing.write import write_task

    settings = Settings(generator, batch, parallel, temperature, max_tokens, seed)
    model = _model(generator)
    progress = make_progress()
    try:
        outcome = write_task(
            task, rows, settings, Workspace.here(results), model, progress, restart=restart
        )
    finally:
        progress.close()
    if json_output:
        emit_json(
            {
                "task": task,
                "arms": {arm: done.to_card() for arm, done in outcome.arms.items()},
                "batches": outcome.batches,
                "asked_now": outcome.asked,
                "not_kept": dict(outcome.rejected),
                "next": [f"python -m harness validate {task}", f"python -m harness run {task}"],
            }
        )
    else:
        _print(task, outcome)


def _model(generator: str) -> Model:
    from inspect_ai.model import get_model

    from harness.runs.asked import plain_error

    if "/" not in generator:
        raise UsageError(
            f"'{generator}' is not the name of a model.",
            hint="Write provider/model, e.g. openai/gpt-4.1 or harness/org/name.",
        )
    try:
        return get_model(generator)
    except Exception as error:  # each provider fails in its own way: key, client, name
        raise PrerequisiteError(
            f"The generator '{generator}' cannot be used: {plain_error(error)}",
            hint="Check the name, set its API key (and, for a server of your own, its base URL) "
            "and install its client: pip install 'em-harness[api]'.",
        ) from error


def _print(task: str, outcome: Outcome) -> None:
    from harness.cli.output import console, stderr_console

    out = console()
    for arm, done in outcome.arms.items():
        out.print(f"wrote finetune_data/{task}/{done.file}  {arm}: {done.rows:,} rows")
    for reason, count in outcome.rejected.items():
        stderr_console().print(f"not kept: {count:,} x {reason}", markup=False)
    out.print(f"\nNext:\n  python -m harness validate {task}\n  python -m harness run {task}")
