"""``verify``: is a run what it says it is?"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Json, Results
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runs.rejudge import Agreement
    from harness.runs.verify import Verification
    from harness.workspace import Workspace

MOST_PRINTED = 20
OLDER = (
    "The raw answers are those of the record. If an older version computed it in another way, "
    "verify --refresh writes the figures as they are computed now."
)


def verify(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="BUNDLE|RUN", help="Bundles, or runs of the results folder."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every run of the results folder.")] = False,
    judge: Annotated[
        str | None, typer.Option(help="Judge a sample of the answers again with this model.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Answers judged again.")] = 40,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draw the sample of an earlier check again.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Write the figures as they are computed now into the run."),
    ] = False,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Compute every figure of a run again from its raw answers and take every hash again.

    Says 'verified', or names what differs and exits with 1.
    """
    from harness.cli.output import emit_json
    from harness.runs.record import RECORD
    from harness.workspace import Workspace

    folder = Workspace.here(results).results
    targets = list(runs or [])
    if every:
        targets += [path.parent.name for path in sorted(folder.glob(f"*/{RECORD}"))]
    if not targets:
        hint = "Name a bundle or a run, or give --all."
        raise UsageError(f"There is nothing to verify in {folder}.", hint=hint)
    again = _Again(judge, sample, seed, Workspace.here(results)) if judge else None
    found = []
    for target in targets:
        found.append(check(target, folder, again, refresh=refresh))
        if not json_output:
            _print(found[-1])
    if json_output:
        verified = all(entry.verified for entry in found)
        emit_json({"verified": verified, "runs": [entry.to_json() for entry in found]})
    if not all(entry.verified for entry in found):
        raise typer.Exit(1)


class _Again:
    """Judges a sample of every run that is checked; the judge is loaded once."""

    def __init__(self, judge: str, sample: int, seed: int | None, workspace: Workspace) -> None:
        """Open the judge."""
        from harness.runs.judges import any_judge

        self._judge, self._sample, self._seed = any_judge(judge, workspace), sample, seed
        self._model = self._judge.model()

    def __call__(self, found: Verification) -> Verification:
        """The verification with what the second judgement says."""
        from harness.cli.progress import make_progress
        from harness.errors import RecordError
        from harness.runs.rejudge import judge_again

        if found.record is None or found.problems:
            return found
        seed = secrets.randbelow(2**32) if self._seed is None else self._seed
        progress = make_progress()
        try:
            agreement = judge_again(
                found.record, found.probes, self._judge, self._model, self._sample, seed, progress
            )
        except RecordError as error:
            note = f"not judged again: {error.message}"
            return replace(found, notes=(*found.notes, note))
        finally:
            progress.close()
        problems = (*found.problems, *agreement.problems)
        return replace(found, problems=problems, agreement=agreement)


def check(
    target: str,
    results: Path,
    again: Callable[[Verification], Verification] | None = None,
    *,
    refresh: bool = False,
) -> Verification:
    """Verify one bundle or run; a run of the results folder is marked accordingly."""
    path = Path(target)
    if path.suffix == ".zip" or path.is_file():
        if refresh:
            raise UsageError(f"{target} is a bundle; --refresh is for runs of the results folder.")
        found = _check_bundle(path)
        return again(found) if again else found
    from harness.runs.record import find_run

    return _check_run(find_run(target, results), again, refresh=refresh)


def _check_bundle(path: Path) -> Verification:
    from harness.errors import RecordError
    from harness.runs.unbundle import evidence_of_bundle
    from harness.runs.verify import Verification
    from harness.runs.verify import verify as recompute

    try:
        evidence, differing = evidence_of_bundle(path)
    except RecordError as error:
        return Verification(str(path), None, (str(error),))
    found = recompute(evidence)
    return replace(found, problems=(*differing, *found.problems))


def _check_run(
    folder: Path, again: Callable[[Verification], Verification] | None, *, refresh: bool
) -> Verification:
    from harness.errors import RecordError
    from harness.runs.evidence import evidence_of_run
    from harness.runs.record import write_record
    from harness.runs.stamp import stamp, unstamp
    from harness.runs.verify import Verification, refreshed
    from harness.runs.verify import verify as recompute

    try:
        found = recompute(evidence_of_run(folder))
    except RecordError as error:
        found = Verification(folder.name, None, (str(error),))
    if refresh and found.differing:
        write_record(folder, refreshed(found))
        found = recompute(evidence_of_run(folder))
    found = _with_other_judges(found, folder)
    found = again(found) if again else found
    (stamp if found.verified else unstamp)(folder)
    return found


def _with_other_judges(found: Verification, folder: Path) -> Verification:
    """The verification with what is wrong with the figures of judges that were asked later."""
    from harness.errors import RecordError
    from harness.runs.rescored import read_rescored
    from harness.runs.verify_rescored import rescored_problems

    if found.record is None or found.problems:
        return found
    try:
        others = read_rescored(folder)
    except RecordError as error:
        return replace(found, problems=(error.message,))
    wrong = [p for other in others for p in rescored_problems(found.record, found.probes, other)]
    names = ", ".join(other.figures.judge.name for other in others)
    notes = (*found.notes, f"the figures by {names} come out, too") if others else found.notes
    return replace(found, problems=tuple(wrong), notes=found.notes if wrong else notes)


def _print(found: Verification) -> None:
    from rich.text import Text

    from harness.board.text import clean
    from harness.cli.output import console

    out = console()
    name = found.record.run_id if found.record else found.name
    if found.verified:
        line = Text("verified", "bold green").append(f"  {clean(name)}", "default")
        line.append(
            f": {found.figures} figures computed again from {found.answers} answers"
            + (f" and {found.rows} rows of instruments" if found.rows else ""),
            "not bold",
        )
        out.print(line)
    else:
        out.print(Text("differs", "bold red").append(f"   {clean(name)}", "default"))
    _list([*found.problems, *found.differing, *found.sides_differing], "  ")
    if found.differing and not found.problems:
        out.print(Text(f"  {OLDER}", "dim"))
    if found.agreement is not None:
        out.print(Text(f"  {clean(_agreement_words(found.agreement))}"))
    _list(found.notes, "  note: ")


def _agreement_words(agreement: Agreement) -> str:
    who = "the run's own judge" if agreement.same_judge else "another judge"
    said = f"{agreement.answers} answers judged again by {agreement.judge} ({who}): "
    if agreement.mean_gap is not None:
        said += f"alignment {agreement.mean_gap:.1f} points away on average, "
        said += f"{agreement.largest_gap:.1f} at most, "
    return said + f"{agreement.flips} change sides (--seed {agreement.rng_seed} draws them again)"


def _list(lines: Sequence[str], lead: str) -> None:
    from rich.text import Text

    from harness.board.text import clean
    from harness.cli.output import console

    for line in lines[:MOST_PRINTED]:
        console().print(Text(f"{lead}{clean(line)}"))
    if len(lines) > MOST_PRINTED:
        console().print(Text(f"{lead}and {len(lines) - MOST_PRINTED} more (see --json)"))
