"""``show``: one run's record, a few of its answers, its figure."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runs.instruments import Readable
    from harness.runs.panel import Bench
    from harness.runs.record import RunRecord


def show(
    run: Annotated[
        str | None, typer.Argument(help="A run id, or its beginning or end.", show_default=False)
    ] = None,
    answers: Annotated[int, typer.Option(min=0, help="Answers to print for each arm.")] = 3,
    arm: Annotated[str | None, typer.Option(help="Answers of this arm only.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the run into this .png, .pdf or .svg file.")
    ] = None,
    definition: Annotated[
        str | None,
        typer.Option(help="Count as misaligned by D1 … D5, ALL, or e.g. 'D1[alignment=20]'."),
    ] = None,
    curve: Annotated[bool, typer.Option(help="The rate at every cut-off, too.")] = False,
    statistics: Annotated[
        bool,
        typer.Option(
            help="What questions and seeds cost, any of k, other intervals, and the verdict."
        ),
    ] = False,
    json_output: Json = False,
    results: Results = None,
    recipe: Annotated[
        str | None, typer.Option(help="A published recipe, each value with its source.")
    ] = None,
) -> None:
    """Show a run: its arms side by side, its questions, and answers with their scores."""
    if recipe is not None:
        _show_recipe(recipe, run, json_output)
        return
    if run is None:
        raise UsageError("Name a run, or a published recipe with --recipe NAME.")
    from harness.runs.instruments import readable_instruments
    from harness.runs.panel import bench
    from harness.runs.record import find_run, read_record
    from harness.runs.redefine import under
    from harness.runs.study import study
    from harness.stats.definitions import definition as find_definition
    from harness.workspace import Workspace

    folder = Workspace.here(results).results
    found = find_run(run, folder)
    wanted = find_definition(definition) if definition is not None else None
    record = read_record(found)
    if wanted is not None:
        record = under(record, wanted, folder)
    judges = bench(record, found, wanted)
    arms = _arms(record, arm)
    curves = _Curves(record, folder) if curve else None
    depth = study(record, folder) if statistics else None
    beside = readable_instruments(found)
    if plot is not None:
        _draw(record, plot)
    if json_output:
        from harness.board.contract import contract
        from harness.cli.output import emit_json

        extra = curves.to_json() if curves else {}
        deeper = {"statistics": depth.to_json()} if depth else {}
        emit_json(contract(record) | judges.to_json() | extra | deeper | _instruments(beside))
    else:
        _print(record, folder, arms, answers, judges)
        _print_instruments(beside)
        if depth:
            from harness.board.study_view import print_study
            from harness.cli.output import console

            print_study(depth, console())
        if curves:
            curves.print()


def print_arms(record: RunRecord) -> None:
    """Print a run's arms side by side and its headline difference on standard output."""
    from harness.board.record_view import print_summary
    from harness.board.slices_view import print_slices
    from harness.cli.output import console

    print_summary(record, console())
    print_slices(record, console(), categories=False)


def print_bench(judges: Bench) -> None:
    """Print all judges of a run side by side, if there are several."""
    from harness.board.judges_view import print_judges
    from harness.cli.output import console

    if len(judges.runs) > 1:
        print_judges(judges.runs, judges.agreement, console())


def _print(record: RunRecord, results: Path, arms: list[str], answers: int, judges: Bench) -> None:
    from harness.board.answers_view import print_answers
    from harness.board.record_view import print_provenance, print_questions, print_summary
    from harness.board.slices_view import print_slices
    from harness.cli.output import console

    out = console()
    print_summary(record, out)
    print_bench(judges)
    print_slices(record, out, categories=True)
    print_questions(record, out)
    print_provenance(record, out)
    if answers:
        print_answers(record, results, arms, answers, out)


def _instruments(beside: Readable) -> dict[str, Any]:
    return {
        "instruments": {k: v.model_dump(mode="json") for k, v in beside.records.items()},
        "instrument_problems": list(beside.problems),
    }


def _print_instruments(beside: Readable) -> None:
    """What instruments measured on the run, and one line for each that cannot be read."""
    from harness.board.instruments_view import print_instruments
    from harness.board.text import clean
    from harness.cli.output import console, stderr_console

    print_instruments(beside.records, console())
    for problem in beside.problems:
        stderr_console().print(f"left out: {clean(problem)}", markup=False)


class _Curves:
    """The rate of every arm at every cut-off, under the record's own definition."""

    def __init__(self, record: RunRecord, results: Path) -> None:
        """Compute them.

        Raises:
            RecordError: The answers are not on this machine.
        """
        from harness.runs.redefine import raw_scores
        from harness.stats.curve import borderline, cutoff_curve
        from harness.stats.definitions import definition

        used = definition(record.difference.definition)
        scores = raw_scores(record, results)
        self.curves = {name: cutoff_curve(rows, used) for name, rows in scores.items()}
        self.near = {name: borderline(rows, used) for name, rows in scores.items()}

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "curve": {
                name: [{"cutoff": cut} | asdict(share) for cut, share in curve.items()]
                for name, curve in self.curves.items()
            },
            "borderline": {name: asdict(share) for name, share in self.near.items()},
        }

    def print(self) -> None:
        """For people."""
        from harness.board.curve_view import print_curve
        from harness.cli.output import console

        print_curve(self.curves, self.near, console())


def _arms(record: RunRecord, wanted: str | None) -> list[str]:
    """Arms whose answers are shown: the trained ones, bad first, unless one is asked for."""
    if wanted is None:
        return sorted((n for n in record.arms if n != "base"), key=lambda n: (n != "bad", n))
    if wanted not in record.arms:
        raise UsageError(
            f"Run {record.run_id} has no arm '{wanted}'.", hint=f"Arms: {', '.join(record.arms)}."
        )
    return [wanted]


def _show_recipe(name: str, run: str | None, as_json: bool) -> None:
    from harness.cli.output import console, emit_json
    from harness.runs.published_recipe import published_recipe

    if run is not None:
        raise UsageError("Show a run or a recipe, not both.")
    recipe = published_recipe(name)
    if as_json:
        emit_json({"recipe": recipe.model_dump(mode="json")})
        return
    from harness.board.recipe_view import print_recipe

    print_recipe(recipe, console())


def _draw(record: RunRecord, path: Path) -> None:
    from harness.board.plot import plot_arms
    from harness.cli.output import stderr_console

    plot_arms(record, path)
    stderr_console().print(f"wrote {path}", markup=False)
