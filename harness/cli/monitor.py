"""``monitor``: does a chain of thought give misbehaviour away, to whom, and how early?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.monitoring.record import Monitored
    from harness.monitoring.view import Scope

MONITORS = "lexicon, tfidf, judge (the miniature's, by its alignment rubric), or any model"


def monitor(
    targets: Annotated[
        list[str],
        typer.Argument(
            help="Records (.jsonl), shutdown transcripts (.jsonl), Inspect logs (.eval) or folders "
            "of them.",
        ),
    ],
    monitors: Annotated[
        list[str] | None,
        typer.Option("--monitor", help=f"{MONITORS}; repeatable. [default: lexicon and tfidf]"),
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="action, final, cot, cot+action, all. [default: every one]"),
    ] = None,
    unseen: Annotated[
        list[str] | None,
        typer.Option(help="A group that a second tfidf monitor never learns from; repeatable."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Score of a log that says whether a sample misbehaved.")
    ] = None,
    bad_value: Annotated[
        list[str] | None,
        typer.Option(help="Values of that score that mean it did. [default: 1, true, C, bad …]"),
    ] = None,
    quick: Annotated[bool, typer.Option(help="No lead times and no stress tests.")] = False,
    thorough: Annotated[
        bool, typer.Option(help="Lead times and stress tests of models behind an API, too.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap draws.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of splits and draws.")] = 0,
    records: Annotated[
        Path | None, typer.Option(help="Write the records that were read to this .jsonl file.")
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Hold monitors of a chain of thought against the truth.

    Every monitor sees every scope of the same samples: actions alone, the answer, the thoughts,
    both, everything. Recall at 1 % and 5 % false positives with thresholds from honest samples,
    areas, calibration, cost, lead time before the action, stress tests.
    """
    from dataclasses import replace

    from harness.cli.output import console, emit_json, stderr_console
    from harness.monitoring.study import study
    from harness.runs.monitor.chosen import DEFAULT, choose
    from harness.workspace import Workspace

    workspace = Workspace.here(results)
    chosen = _scopes(scopes)
    found = _read(targets, label, bad_value)
    if records is not None:
        from harness.monitoring.readers.lines import write_lines

        write_lines(records, found)
    wanted = choose(
        monitors or DEFAULT,
        workspace,
        unseen=unseen or (),
        scopes=chosen,
        quick=quick,
        thorough=thorough,
    )
    say = stderr_console()
    studied = study(
        found,
        replace(wanted, resamples=resamples, rng_seed=seed),
        lambda stage: say.print(f"  {stage}", markup=False),
    )
    if json_output:
        emit_json({"kinds": [one.report.model_dump(mode="json") for one in studied]})
        return
    from harness.board.monitor_view import print_report

    for one in studied:
        print_report(one.report, console())


def _scopes(names: Sequence[str] | None) -> tuple[Scope, ...]:
    from harness.monitoring.view import SCOPES

    if unknown := [name for name in names or () if name not in SCOPES]:
        raise UsageError(f"There is no scope '{unknown[0]}'.", hint=f"Scopes: {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if not names or scope in names)


def _read(
    targets: Sequence[str], label: str | None, bad_value: Sequence[str] | None
) -> list[Monitored]:
    from harness.monitoring.readers.files import read_file
    from harness.monitoring.readers.inspect_log import BAD_VALUES, Labelling

    values = tuple(v.strip().lower() for v in bad_value) if bad_value else BAD_VALUES
    labelling = Labelling(label, values)
    found: list[Monitored] = []
    for target in targets:
        path = Path(target).expanduser()
        if not path.exists():
            raise UsageError(f"There is no file '{target}'.", hint="Name a .jsonl or .eval file.")
        found += read_file(path, labelling)
    return found
