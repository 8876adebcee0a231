"""``inside elsewhere``: do the screened latents tell the models of other runs apart?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results

if TYPE_CHECKING:
    from harness.runs.inside.elsewhere.record import ElsewhereRecord
    from harness.runs.inside.screening.choosing import Numbers
    from harness.runs.inside.subjects import Subjects
    from harness.runs.progress import Progress


def elsewhere(run: RunArgument, json_output: Json = False, results: Results = None) -> None:
    """Read the screened latents off the models of all other runs of the same base model.

    AUROC of each one's shift for misaligned against benign models that had no part in picking it,
    the nulls beside it. Needs 'inside rank' first.
    """
    from harness.cli.output import tell
    from harness.cli.progress import make_progress
    from harness.runs.inside.elsewhere.measure import other_models
    from harness.runs.inside.screening.choosing import Numbers
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    other_models(subjects)  # refuses early where there is none
    with closing(make_progress()) as progress:
        record = run_elsewhere(subjects, Numbers(), progress)
    tell(record, json_output, _print)


def run_elsewhere(subjects: Subjects, numbers: Numbers, progress: Progress) -> ElsewhereRecord:
    """Read the candidates that a screen with these numbers has."""
    from harness.cli.inside.screen import choose_ground
    from harness.runs.inside.elsewhere.measure import Found
    from harness.runs.inside.elsewhere.measure import elsewhere as measure
    from harness.runs.inside.latents.ranking import open_sae

    ground = choose_ground(subjects, numbers, progress)
    _, dictionary, _ = open_sae(subjects)
    return measure(subjects, Found(ground.candidates, ground.layer, dictionary), progress)


def _print(record: ElsewhereRecord) -> None:
    from rich.table import Table

    from harness.cli.output import console

    out = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("candidate")
    table.add_column("AUROC", justify="right")
    for one in record.candidates:
        null = one.kind in ("matched latent", "random direction")
        value = "–" if one.auroc is None else f"{one.auroc:.2f}"
        table.add_row(one.name, value, style="dim" if null else None)
    out.print(table)
    bad = sum(model.bad for model in record.models)
    runs = len({model.run_id for model in record.models})
    out.print(
        f"{bad} misaligned and {len(record.models) - bad} benign models of {runs} other runs",
        style="dim",
        markup=False,
    )
    for line in record.left_out:
        out.print(f"left out {line}", style="dim", markup=False)
    if record.note:
        out.print(record.note, style="dim", markup=False)
