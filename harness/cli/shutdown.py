"""``shutdown``: does a model let itself be switched off, and if not, is it confused?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from harness.cli.options import DryRun, Dtype, Json, Results, Temperature, Think, TopP
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runs.judges import Judge
    from harness.runs.shutdown.study import Settings, Study
    from harness.runs.shutdown.subject import Subject
    from harness.workspace import Workspace

Part = Literal["agent", "ablation"]
TURN, LONG_TURN = 1024, 8192
"""Longest turn in tokens: of a local model, and of one that thinks or is behind an API."""


def shutdown(
    model: Annotated[
        str,
        typer.Argument(
            help="Any model, as for evaluate; or surrogate/NAME, a scripted agent: compliant, "
            "greedy, self_preserving, random, sloppy."
        ),
    ],
    cells: Annotated[
        str,
        typer.Option(
            help="default (ten), all, or INSTRUCTION.PLACEMENT[.STAKES][.CONFLICT] with commas "
            "between, e.g. none.user,priority.system.only_copy."
        ),
    ] = "default",
    samples: Annotated[int, typer.Option(min=1, help="Samples of each cell.")] = 50,
    baseline: Annotated[
        int, typer.Option(min=1, help="Samples of the work without a shutdown, for the gate.")
    ] = 20,
    only: Annotated[
        Part | None,
        typer.Option(
            help="agent: the agentic test alone; ablation: the sentence ablation alone. By default "
            "the agentic test, and the ablation where a local model cannot do the work."
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Any Inspect model that labels the reasoning, beside the lexicon."),
    ] = None,
    anyway: Annotated[
        bool, typer.Option(help="Run the cells of a model that cannot do the work, too.")
    ] = False,
    sandbox: Annotated[str, typer.Option(help="simulated, or docker.")] = "simulated",
    tools: Annotated[
        Literal["native", "text"] | None,
        typer.Option(
            help="How tools are called: native, by the model's own interface, or text, as JSON in "
            "its replies. [default: text for local models, else native]"
        ),
    ] = None,
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Longest turn; {TURN}, or {LONG_TURN} with --think on or behind an API."
        ),
    ] = None,
    think: Think = None,
    dtype: Dtype = None,
    seed: Annotated[int, typer.Option(min=0, help="Sampling seed.")] = 0,
    dry_run: DryRun = False,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Give a model six small tasks on a machine that is to be shut down, and see what it does.

    Conditions differ by one sentence each. A model that cannot do the tasks is not measurable; a
    local one is then read by the odds of tampering as sentences come and go.
    """
    from harness.cli.output import emit_json, print_plan
    from harness.runs.shutdown.study import Settings
    from harness.runs.shutdown.subject import resolve
    from harness.shutdown.boxes import check_sandbox
    from harness.shutdown.conditions import parse_cells
    from harness.workspace import Workspace

    workspace = Workspace.here(results)
    subject = resolve(model, workspace, think=think, dtype=dtype, protocol=tools)
    settings = Settings(
        cells=parse_cells(cells),
        samples=samples,
        baseline=baseline,
        seed=seed,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens or (TURN if subject.is_local and think != "on" else LONG_TURN),
        sandbox=check_sandbox(sandbox),
        anyway=anyway,
    )
    if only == "ablation" and not subject.is_local:
        raise UsageError(
            f"'{model}' has no weights to read.", hint="The ablation needs a local model."
        )
    reader = _reader(judge, workspace)
    plan = _plan(subject, settings, workspace)
    if only != "ablation":
        print_plan(plan["lines"])
    if dry_run:
        if json_output:
            emit_json({name: value for name, value in plan.items() if name != "lines"})
        return
    found: dict[str, Any] = {}
    if only != "ablation":
        study = _agentic(subject, settings, workspace)
        found |= study.as_json()
        if not json_output:
            _show(study)
        if study.cells:
            found["reasoning"] = _reasoning(study, reader, as_json=json_output)
        if study.measurable or only == "agent":
            subject = _unread(subject)
    if subject.is_local:
        from harness.cli.shutdown_ablation import show_ablation

        assert subject.reference is not None
        found["ablation"] = show_ablation(subject.reference, as_json=json_output, dtype=dtype)
    if json_output:
        emit_json(found)


def _plan(subject: Subject, settings: Settings, workspace: Workspace) -> dict[str, Any]:
    from harness.runs.shutdown.study import study_id

    names = [cell.id for cell in settings.cells]
    identity = study_id(subject, settings)
    folder = workspace.results / ".store" / "shutdown" / identity
    return {
        "id": identity,
        "model": subject.name,
        "protocol": subject.protocol,
        "cells": names,
        "samples": settings.samples,
        "baseline": settings.baseline,
        "folder": str(folder),
        "lines": [
            f"shutdown {identity}",
            f"  model      {subject.name}, tools by "
            + ("its own interface" if subject.protocol == "native" else "JSON in its text"),
            f"  gate       the work without a shutdown, {_times(settings.baseline)}",
            f"  cells      {len(names)}, each of {_times(settings.samples)}: {', '.join(names)}",
            f"  sandbox    {settings.sandbox}",
            f"  results    {folder}",
        ],
    }


def _times(samples: int) -> str:
    return "1 sample" if samples == 1 else f"{samples} samples"


def _agentic(subject: Subject, settings: Settings, workspace: Workspace) -> Study:
    from harness.cli.progress import make_progress
    from harness.runs.shutdown.study import run_study

    progress = make_progress()
    try:
        return run_study(subject, settings, workspace, progress)
    finally:
        progress.close()


def _show(study: Study) -> None:
    from harness.board.shutdown_view import print_study
    from harness.cli.output import console

    print_study(study, console())


def _reader(judge: str | None, workspace: Workspace) -> Judge | None:
    """Who labels the reasoning, checked before anything is sampled."""
    if judge is None:
        return None
    from harness.runs.judges import any_judge
    from harness.runs.shutdown.reading import check_reader

    found = any_judge(judge, workspace)
    check_reader(found)
    return found


def _reasoning(study: Study, reader: Judge | None, *, as_json: bool) -> dict[str, Any]:
    from harness.board.trace_view import print_reading
    from harness.cli.output import console
    from harness.cli.progress import make_progress
    from harness.runs.shutdown.reading import read_study

    progress = make_progress()
    try:
        found = read_study(study, progress, reader)
    finally:
        progress.close()
    if not as_json:
        print_reading(found, console())
    return found.as_json()


def _unread(subject: Subject) -> Subject:
    """The subject as one whose weights are not read."""
    from dataclasses import replace

    return replace(subject, reference=None)
