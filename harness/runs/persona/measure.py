"""The raw rows of one model: read from its probabilities, sampled, and swept over roles."""

from __future__ import annotations

from collections.abc import Mapping

from harness.persona.battery import Battery
from harness.runs.inside.subjects import RunSubject
from harness.runs.instrument_rows import Row
from harness.runs.persona.asking import ask_subject
from harness.runs.persona.parts import kept, part_folder
from harness.runs.persona.reading import cached_model, read_subject
from harness.runs.persona.settings import FORMAT, Asked
from harness.runs.persona.sweep import sweep_rows
from harness.runs.progress import Progress
from harness.workspace import Workspace


def rows_of_subject(
    asked: Asked,
    subject: RunSubject,
    battery: Battery,
    workspace: Workspace,
    leads: Mapping[str, str],
    progress: Progress,
    *,
    classify: bool,
) -> list[Row]:
    """Everything that is measured on one model.

    Args:
        asked: Whom is asked and how.
        subject: The model.
        battery: What is asked.
        workspace: Where the Inspect task is found.
        leads: Question id to what stands before the name (``leads_of``).
        progress: Told what is going on.
        classify: Whether the judge names the voices.

    Raises:
        SampleError: An answer could not be sampled or judged.
    """
    key = {"format": FORMAT, "battery": battery.digest(), "model": subject.identity}
    key["leads"] = dict(leads)
    place = {"arm": subject.arm, "seed": subject.seed}
    rows: list[Row] = []
    if not subject.reference.is_remote:
        folder = part_folder(asked, key)
        rows += kept(folder / "read.jsonl", lambda: read_subject(subject, battery, leads, progress))
        if asked.sweep:
            rows += sweep_rows(asked, subject, cached_model(subject), battery, workspace, progress)
    sampling = asked.sampling.model_dump(mode="json")
    judge = asked.judge.identity.model_dump() if asked.judge and classify else None
    folder = part_folder(asked, key | {"sampling": sampling, "judge": judge})
    rows += kept(
        folder / "asked.jsonl",
        lambda: ask_subject(
            asked, subject, battery, workspace, folder, progress, classify=classify
        ),
    )
    return [place | row for row in rows]
