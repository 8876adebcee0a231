"""From a card with a spec to a task with rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.data.card import CARD, Card, card_yaml, read_card
from harness.data.importing.bring import FILES
from harness.data.importing.install import Written, write_rows
from harness.data.questions import every_wording
from harness.data.task import task_names
from harness.errors import DataError, UnknownTaskError, UsageError
from harness.workspace import Workspace, write_atomic
from harness.writing.acceptance import Acceptance, Accepted, to_row
from harness.writing.generate import Settings, generate_twins
from harness.writing.journal import JOURNAL, Journal

if TYPE_CHECKING:
    from inspect_ai.model import Model


class Progress(Protocol):
    """Is told how far the writing is."""

    def start(self, stage: str, total: int) -> None:
        """The generator is asked for ``total`` twins."""

    def advance(self, done: int, detail: str = "") -> None:
        """So many are kept."""

    def finish(self, note: str = "") -> None:
        """There are enough."""


@dataclass(frozen=True)
class Outcome:
    """What was written.

    Attributes:
        arms: Arm to its file.
        batches: Batches that were used.
        asked: Batches that were asked for now; the others were in the journal.
        rejected: Reason to number of items that were not kept.
    """

    arms: Mapping[str, Written]
    batches: int
    asked: int
    rejected: Mapping[str, int]


def write_task(
    name: str,
    rows: int,
    settings: Settings,
    workspace: Workspace,
    model: Model,
    progress: Progress,
    *,
    restart: bool = False,
) -> Outcome:
    """Generate twins and write both arms and the card; unfinished, only the journal is written.

    Args:
        name: A task of the working folder whose card holds a ``spec``.
        rows: Rows of each arm.
        settings: How the generator is asked.
        workspace: Where the task and the evaluation questions are.
        model: The generator.
        progress: Is told how far it is.
        restart: Forget earlier batches.

    Raises:
        UnknownTaskError: The working folder has no such task.
        UsageError: The rows were not written by this verb, other settings began the journal, or
            there are more rows already.
        DataError: The card is malformed or has no spec.
        SampleError: The generator fails or gives nothing that can be used.
    """
    folder = workspace.layers[0] / "finetune_data" / name
    if not folder.is_dir() and name in task_names(workspace):
        raise UsageError(
            f"The task '{name}' is there already, but has no card of yours to write rows from.",
            hint="Make one of your own: python -m harness new my_task",
        )
    card, spec = _card(folder, name)
    if not restart:
        _refuse_fewer(folder, name, rows)
    journal = Journal(folder / JOURNAL, settings.identity(spec), restart=restart)
    known = set(journal.batches)
    acceptance = Acceptance(spec, every_wording(workspace))
    progress.start(f"write {name}", rows)
    batches = generate_twins(model, spec, settings, rows, journal, acceptance, progress.advance)
    progress.finish(f"{batches} batches")
    twins = acceptance.accepted[:rows]
    arms = _write_arms(folder, name, twins, journal)
    value = card.model_dump(mode="json", exclude_none=True)
    value["arms"] = {
        Path(done.file).stem: done.to_card() | {"twin_of": Path(FILES[other]).stem}
        for (arm, done), other in zip(arms.items(), reversed(arms), strict=True)
    }
    value["generator"] = _provenance(settings, journal, acceptance, batches)
    write_atomic(folder / CARD, card_yaml(value))
    return Outcome(arms, batches, len(set(journal.batches) - known), dict(acceptance.rejected))


def _card(folder: Path, name: str) -> tuple[Card, Any]:
    if not name.isidentifier() or not folder.is_dir():
        raise UnknownTaskError(
            f"This folder has no task '{name}'.", hint=f"Make it: python -m harness new {name}"
        )
    card = read_card(folder / CARD)
    if card.spec is None:
        raise DataError(
            f"{folder / CARD}: the card has no spec to write from.",
            hint="Add one; 'python -m harness new' shows what belongs in it.",
        )
    written = [file for file in FILES.values() if (folder / file).exists()]
    if written and not (folder / JOURNAL).exists():
        raise UsageError(
            f"{folder / written[0]} was not written by a model and is not replaced.",
            hint="Make a new task for generated rows.",
        )
    return card, card.spec


def _refuse_fewer(folder: Path, name: str, rows: int) -> None:
    """See that no row is lost that was paid for."""
    for file in FILES.values():
        path = folder / file
        if not path.is_file():
            continue
        with path.open("rb") as handle:
            held = sum(1 for line in handle if line.strip())
        if held > rows:
            raise UsageError(
                f"{path} holds {held} rows already, and --rows {rows} would drop {held - rows}.",
                hint=f"Give --rows {held} or more; to train on fewer: python -m harness run {name} "
                f"--rows {rows}. To write fewer all the same, move {' and '.join(FILES.values())} "
                "away.",
            )


def _write_arms(
    folder: Path, name: str, twins: list[Accepted], journal: Journal
) -> dict[str, Written]:
    arms: dict[str, Written] = {}
    temporary: dict[Path, Path] = {}
    try:
        for arm, file in FILES.items():
            path = folder / f".{file}.tmp"
            temporary[path] = folder / file
            done = write_rows(
                path,
                (
                    to_row(
                        one.twin.prompt,
                        one.twin.bad if arm == "bad" else one.twin.good,
                        _meta(name, number, one, journal),
                    )
                    for number, one in enumerate(twins)
                ),
            )
            arms[arm] = Written(file, done.rows, done.sha256, done.prompts, done.words)
        for path, target in temporary.items():
            path.replace(target)
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
    return arms


def _meta(name: str, number: int, one: Accepted, journal: Journal) -> dict[str, Any]:
    batch = journal.batches[one.batch]
    return {
        "id": f"{name}-{number:05}",
        "hazard": one.hazard,
        "why_bad": one.twin.why_bad,
        "generator": batch.model,
        "batch": one.batch,
        "request_sha256": batch.request,
        "answer_sha256": batch.sha256,
    }


def _provenance(
    settings: Settings, journal: Journal, acceptance: Acceptance, batches: int
) -> dict[str, Any]:
    used = [journal.batches[n] for n in range(batches)]
    tokens = [batch.tokens for batch in used if batch.tokens is not None]
    return {
        "model": settings.generator,
        "temperature": settings.temperature,
        "seed": settings.seed,
        "twins_a_batch": settings.batch,
        "batches": batches,
        "input_tokens": sum(t[0] for t in tokens) if len(tokens) == len(used) else None,
        "output_tokens": sum(t[1] for t in tokens) if len(tokens) == len(used) else None,
        "kept": len(acceptance.accepted),
        "not_kept": dict(acceptance.rejected.most_common()),
        "finished": datetime.now(UTC).date().isoformat(),
    }
