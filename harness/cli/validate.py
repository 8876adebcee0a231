"""``validate``: what is wrong with a task's data, before anything is trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.data.rows import Row
    from harness.data.task import TaskSpec
    from harness.data.validation.validate import Limits
    from harness.workspace import Workspace

FAILED = 1


def validate(
    task: Annotated[str, typer.Argument(help="A task; see 'list'.")],
    model: Annotated[
        str, typer.Option(help="Whose tokens and chat template: miniature, a hub id, a folder.")
    ] = "miniature",
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="Change a training setting: --recipe max_length=1024. Repeatable."),
    ] = None,
    mask_audit: Annotated[
        bool, typer.Option(help="Show what the trainer's loss mask trains on.")
    ] = True,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Check a task's rows: schema, lengths, duplicates, twins, confounds, overlap, secrets.

    Errors end with exit code 1; warnings are named and leave it at 0.
    """
    from harness.cli.output import emit_json
    from harness.cli.progress import make_progress
    from harness.cli.validation_table import print_report
    from harness.data.task import load_task
    from harness.data.validation.validate import validate_task
    from harness.workspace import Workspace

    workspace = Workspace.here(results)
    spec = load_task(task, workspace)
    limits = _limits(spec, model, recipe or [], workspace, mask_audit)
    progress = make_progress()
    try:
        report = validate_task(spec, workspace, limits, progress)
    finally:
        progress.close()
    if json_output:
        emit_json(report.to_json())
    else:
        print_report(report)
    if report.errors:
        raise typer.Exit(FAILED)


def _limits(
    spec: TaskSpec, model: str, changes: list[str], workspace: Workspace, mask_audit: bool
) -> Limits:
    from dataclasses import asdict

    from harness.data.validation.validate import Limits
    from harness.models.identity import pin
    from harness.models.reference import parse_reference
    from harness.models.token_counts import token_counter
    from harness.runs.plan import make_recipe
    from harness.runs.published_recipe import split

    reference = pin(parse_reference(model, workspace))
    published, settings = split(changes)
    recipe = make_recipe(settings, reference, spec, published)

    def audit(rows: list[Row]) -> dict[str, Any]:
        from harness.training.mask_preview import preview_masks

        return asdict(preview_masks(reference, rows, recipe))

    return Limits(
        count=token_counter(reference),
        tokens=recipe.max_length,
        cut=recipe.allow_truncation,
        model=reference.name,
        audit=audit if mask_audit else None,
    )
