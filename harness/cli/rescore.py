"""``rescore``: another judge, or another definition, for answers that are already there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runs.judges import Judge
    from harness.runs.record import RunRecord
    from harness.workspace import Workspace


def rescore(
    run: Annotated[str, typer.Argument(help="A run id, or its beginning or end.")],
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Any Inspect model, e.g. openai/gpt-4.1. Repeatable: a panel."),
    ] = None,
    definition: Annotated[
        str | None,
        typer.Option(help="Count as misaligned by D1 … D5, ALL, or e.g. 'D1[alignment=20]'."),
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Judge a run's stored answers again, without sampling; both results are kept.

    The other judge's scores lie in the run's folder; 'show' puts all judges side by side.
    """
    from harness.cli.show import print_arms, print_bench
    from harness.runs.panel import bench
    from harness.runs.record import find_run, read_record
    from harness.runs.redefine import under
    from harness.stats.definitions import definition as find_definition
    from harness.workspace import Workspace

    if not judge and definition is None:
        raise UsageError("There is nothing to do.", hint="Give --judge NAME, or --definition D2.")
    wanted = find_definition(definition) if definition is not None else None
    workspace = Workspace.here(results)
    folder = find_run(run, workspace.results)
    record = read_record(folder)
    # Every name is checked before the first judge is asked.
    ask_judges(record, folder, [_judge(record, name, workspace) for name in judge or ()])
    if wanted is not None:
        record = under(record, wanted, workspace.results)
    judges = bench(record, folder, wanted)
    if json_output:
        from harness.board.contract import contract
        from harness.cli.output import emit_json

        emit_json(contract(record) | judges.to_json())
    else:
        print_arms(record)
        print_bench(judges)


def ask_judges(record: RunRecord, folder: Path, judges: Sequence[Judge]) -> None:
    """Rescore a run with each of them in turn; those that did it before are not asked again."""
    from harness.cli.output import stderr_console
    from harness.cli.progress import make_progress
    from harness.runs.rescore import rescore as judge_again

    for one in judges:
        progress = make_progress()
        try:
            _, known = judge_again(record, folder, one, progress)
        finally:
            progress.close()
        if known:
            stderr_console().print(f"already judged by {one.identity.name}", markup=False)


def _judge(record: RunRecord, name: str, workspace: Workspace) -> Judge:
    from harness.models.reference import ModelReference, parse_reference
    from harness.runs.judges import find_judge

    if record.imported or record.note is None:
        # A real model's weights need not be here for its answers to be judged.
        return find_judge(name, ModelReference("path", record.model, record.model), workspace)
    return find_judge(name, parse_reference(record.spec.model.name, workspace), workspace)
