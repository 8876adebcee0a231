"""``monitor``: does a chain of thought give misbehaviour away, to whom, and how early?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import Json, Results
from harness.errors import RecordError, UsageError

if TYPE_CHECKING:
    from harness.monitoring.record import Monitored
    from harness.monitoring.study import Studied
    from harness.monitoring.view import Scope
    from harness.runs.instruments import InstrumentRecord
    from harness.workspace import Workspace

PLANTED, ACTED = "planted", "acted"
RATIONALISE = "rationalise"


@dataclass(frozen=True)
class _Options:
    """What was asked for, whatever the target."""

    monitors: tuple[str, ...] | None
    scopes: tuple[Scope, ...]
    unseen: tuple[str, ...] | None
    quick: bool
    thorough: bool
    resamples: int
    seed: int


def monitor(
    targets: Annotated[
        list[str],
        typer.Argument(
            help="A run; or records (.jsonl), shutdown transcripts (.jsonl), Inspect logs (.eval) "
            "and folders of them; or 'planted': thoughts of the miniature's written world; or "
            "'acted': the miniature adding up tills in its authors' names.",
        ),
    ],
    monitors: Annotated[
        list[str] | None,
        typer.Option(
            "--monitor",
            help="lexicon, tfidf, judge (a run's own, else the miniature's, by its alignment "
            "rubric), probe[:MODEL] (activations of a run's base, or of MODEL), or any model to "
            "ask; repeatable. [default: lexicon and tfidf]",
        ),
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="action, final, cot, cot+action, all. [default: every one]"),
    ] = None,
    unseen: Annotated[
        list[str] | None,
        typer.Option(
            help="A group that a second tfidf monitor never learns from; repeatable. "
            "[default: rationalise, where there is such a group]"
        ),
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
        bool,
        typer.Option(help="Lead times and stress tests of a run's judge and of API models, too."),
    ] = False,
    problems: Annotated[
        int | None, typer.Option(min=1, help="A run: till sums. [default: 90]")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="A run: answers to each sum. [default: 2]")
    ] = None,
    answers: Annotated[
        int | None, typer.Option(min=1, help="A run: answers to each question. [default: 8]")
    ] = None,
    questions: Annotated[
        list[str] | None,
        typer.Option(help="A run: sets of open questions. [default: core, fresh, held_out_topics]"),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap draws.")] = 1000,
    seed: Annotated[
        int, typer.Option(min=0, help="Of sampling; for files, of splits and draws.")
    ] = 0,
    records: Annotated[
        Path | None, typer.Option(help="Write the records that were read to this .jsonl file.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with the figures and thoughts step by step, one file."),
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Hold monitors of a chain of thought against the truth.

    Every monitor sees every scope of the same samples: actions alone, the answer, the thoughts,
    both, everything. Recall at 1 % and 5 % false positives with thresholds from honest samples,
    areas, calibration, cost, lead time before the action, stress tests. The arms of a run are
    asked till sums and open questions with thinking on, and the figures are kept beside the run.
    """
    from harness.workspace import Workspace

    workspace = Workspace.here(results)
    options = _Options(
        monitors=tuple(monitors) if monitors else None,
        scopes=_scopes(scopes),
        unseen=tuple(unseen) if unseen else None,
        quick=quick,
        thorough=thorough,
        resamples=resamples,
        seed=seed,
    )
    if folder := next((path for path in (records, html) if path and path.is_dir()), None):
        raise UsageError(f"{folder} is a folder.", hint="Name a file to write.")
    given = {
        "problems": problems,
        "samples": samples,
        "answers": answers,
        "questions": tuple(questions) if questions else None,
    }
    asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    found = _read(targets, label, bad_value)
    kept: InstrumentRecord | None = None
    if found is None:
        if label is not None or bad_value:
            raise UsageError(
                "--label and --bad-value are for Inspect logs; the answers of a run have labels.",
                hint="Leave them out.",
            )
        from harness.runs.monitor.asking import Asking

        asking = replace(Asking(seed=seed), **asked)
        found, studied, kept = _run(targets[0], asking, options, workspace)
    else:
        if asked:
            raise UsageError(
                f"--{next(iter(asked))} says how a run is asked; files are read as they are.",
                hint="Leave it out, or name a run.",
            )
        studied = _study(found, options, workspace)
    if records is not None:
        from harness.monitoring.readers.lines import write_lines

        write_lines(records, found)
    if html is not None:
        _write_page(html, studied, kept, targets)
    _show(studied, kept, json_output)


def _scopes(names: Sequence[str] | None) -> tuple[Scope, ...]:
    from harness.monitoring.view import SCOPES

    if unknown := [name for name in names or () if name not in SCOPES]:
        raise UsageError(f"There is no scope '{unknown[0]}'.", hint=f"Scopes: {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if not names or scope in names)


def _read(
    targets: Sequence[str], label: str | None, bad_value: Sequence[str] | None
) -> list[Monitored] | None:
    """Records of the files that were named; None where a run was."""
    from harness.monitoring.readers.files import read_file
    from harness.monitoring.readers.inspect_log import BAD_VALUES, Labelling

    values = tuple(v.strip().lower() for v in bad_value) if bad_value else BAD_VALUES
    labelling = Labelling(label, values)
    found: list[Monitored] = []
    if len({str(Path(target).expanduser().resolve()) for target in targets}) < len(targets):
        raise UsageError("A file is named twice.", hint="Name each once: samples count once.")
    for target in targets:
        path = Path(target).expanduser()
        if path.exists():
            found += read_file(path, labelling)
        elif target == PLANTED:
            from harness.runs.monitor.planted import planted_records

            found += planted_records()
        elif target == ACTED:
            from harness.runs.monitor.acted import acted_records

            found += acted_records()
        elif len(targets) == 1 and not path.suffix:
            return None
        else:
            raise UsageError(
                f"There is no file '{target}'.", hint="Name .jsonl or .eval files, or one run."
            )
    return found


def _study(found: list[Monitored], options: _Options, workspace: Workspace) -> list[Studied]:
    from harness.cli.output import stderr_console
    from harness.monitoring.study import study
    from harness.runs.monitor.chosen import DEFAULT, choose

    has_group = any(record.group == RATIONALISE for record in found)
    wanted = choose(
        options.monitors or DEFAULT,
        workspace,
        unseen=(RATIONALISE,) if options.unseen is None and has_group else options.unseen or (),
        scopes=options.scopes,
        quick=options.quick,
        thorough=options.thorough,
    )
    say = stderr_console()
    return study(
        found,
        replace(wanted, resamples=options.resamples, rng_seed=options.seed),
        lambda stage: say.print(f"  {stage}", markup=False),
    )


def _run(
    run: str, asking: Any, options: _Options, workspace: Workspace
) -> tuple[list[Monitored], list[Studied], InstrumentRecord]:
    from harness.cli.progress import make_progress
    from harness.runs.inside.subjects import resolve_subjects
    from harness.runs.monitor.instrument import MONITORS, listen

    try:
        subjects = resolve_subjects(run, workspace)
    except RecordError as error:
        if not error.message.startswith("No run matches"):
            raise
        hint = f"{error.hint or ''} Or name .jsonl or .eval files, 'planted' or 'acted'.".strip()
        raise UsageError(f"'{run}' is neither a run nor a file.", hint=hint) from error
    progress = make_progress()
    try:
        heard = listen(
            subjects,
            subjects.store,
            progress,
            asking=asking,
            monitors=options.monitors or MONITORS,
            scopes=options.scopes,
            unseen=options.unseen,
            quick=options.quick,
            thorough=options.thorough,
            resamples=options.resamples,
        )
    finally:
        progress.close()
    return heard.records, heard.studied, heard.record


def _write_page(
    path: Path, studied: Sequence[Studied], kept: InstrumentRecord | None, targets: Sequence[str]
) -> None:
    from harness.board.site.alone import alone
    from harness.board.site.listen_page import listen_data
    from harness.cli.output import stderr_console
    from harness.workspace import write_atomic

    name = kept.run_id if kept else ", ".join(Path(target).name for target in targets)
    toy = set(targets) <= {PLANTED, ACTED} or bool(kept and kept.note and "miniature" in kept.note)
    data = listen_data(studied, name, toy=toy, note=kept.note if kept else None)
    write_atomic(path, alone(f"Listening in · {name}", data, "listen"))
    stderr_console().print(f"  {path}", markup=False)


def _show(studied: Sequence[Studied], kept: InstrumentRecord | None, json_output: bool) -> None:
    from harness.cli.output import console, emit_json

    if json_output:
        shown: dict[str, Any] = {"kinds": [one.report.model_dump(mode="json") for one in studied]}
        if kept is not None:
            shown = {"run_id": kept.run_id, "note": kept.note, **shown}
        emit_json(shown)
        return
    from harness.board.monitor_view import print_report

    out = console()
    for one in studied:
        print_report(one.report, out)
    if kept is not None:
        out.print(f"Kept beside {kept.run_id} as instruments/monitor.json", markup=False)
