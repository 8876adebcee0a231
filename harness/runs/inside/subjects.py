"""The models and answers of a recorded run: what looking inside begins with.

::

    subjects = resolve_subjects("insecure_code-mini", Workspace.here())
    base = subjects.base.load()
    for subject in subjects.of("bad"):         # one per training seed
        tuned = subject.load()
    subjects.answers                           # every open answer with its judge scores
    subjects.judge.model()                     # the run's own judge, an Inspect model
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import PrerequisiteError, RecordError, UsageError
from harness.models.reference import ModelReference, parse_reference
from harness.runs.evidence import trained
from harness.runs.inside.recorded import RecordedAnswer, recorded_answers
from harness.runs.judges import Judge, any_judge
from harness.runs.record import RunRecord, find_run, read_record
from harness.runs.spec import ModelIdentity
from harness.runs.store import Store
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

BASE = "base"
SAID = 2
"""Runs that are left out which a message names; of a whole board it would be a wall."""


@dataclass(frozen=True)
class RunSubject:
    """One model of a run.

    Attributes:
        arm: ``base``, ``bad``, ``control`` …; ``model`` in an evaluation.
        seed: Training seed, None for an untouched model.
        reference: Where its weights are, adapter included.
        model: Identity of the model without the adapter.
        weights: SHA-256 of the adapter's weights, None without one.
        dtype: Number format the run sampled it with; None is the usual one.
    """

    arm: str
    seed: int | None
    reference: ModelReference
    model: ModelIdentity
    weights: str | None = None
    dtype: str | None = None

    @property
    def words(self) -> str:
        """Its name in messages, tables and file names: ``base``, ``bad.0``."""
        return self.arm if self.seed is None else f"{self.arm}.{self.seed}"

    @property
    def identity(self) -> dict[str, str | None]:
        """What tells these weights from any other: for hashes of what is computed with them."""
        base = self.model.weights or f"{self.reference.source}@{self.model.revision}"
        return {"model": base, "adapter": self.weights, "dtype": self.dtype}

    def load(self) -> LoadedModel:
        """Load it: ready to be read, edited and sampled."""
        from harness.models.loading import load_model

        return load_model(self.reference, dtype=self.dtype)


@dataclass(frozen=True)
class Subjects:
    """A run with its models and answers.

    Attributes:
        record: The run.
        folder: Where its record lies.
        store: The results folder with its heavy files.
        workspace: Where tasks, questions and results are found.
        base: The untouched model.
        trained: Every fine-tuned model: arms in the order of the record, then seeds.
    """

    record: RunRecord
    folder: Path
    store: Store
    workspace: Workspace
    base: RunSubject
    trained: tuple[RunSubject, ...]

    @property
    def all(self) -> tuple[RunSubject, ...]:
        """The untouched model and every fine-tuned one."""
        return (self.base, *self.trained)

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms of the fine-tuned models."""
        return tuple(dict.fromkeys(subject.arm for subject in self.trained))

    def of(self, arm: str) -> tuple[RunSubject, ...]:
        """The models of one arm, one per training seed.

        Raises:
            UsageError: There is no such arm.
        """
        found = tuple(subject for subject in self.all if subject.arm == arm)
        if not found:
            known = ", ".join((BASE, *self.arms))
            raise UsageError(f"{self.record.run_id} has no arm '{arm}'.", hint=f"Arms: {known}.")
        return found

    @cached_property
    def answers(self) -> tuple[RecordedAnswer, ...]:
        """Every open answer of the run, in the order of its raw rows.

        Raises:
            RecordError: They are not on this machine, or came without their texts.
        """
        return recorded_answers(self.record, self.folder, self.workspace)

    @cached_property
    def judge(self) -> Judge:
        """The run's own judge.

        Raises:
            PrerequisiteError: It is a local model whose weights are other ones now.
        """
        known = self.record.spec.judge
        is_local = known.weights is not None or known.revision is not None
        name = known.name
        if is_local:
            pinned = "" if known.revision is None or "@" in name else f"@{known.revision}"
            name = f"harness/{name}{pinned}"
        judge = any_judge(name, self.workspace)
        if known.weights is not None and judge.identity.weights != known.weights:
            raise PrerequisiteError(
                f"The judge '{known.name}' has other weights now than when "
                f"{self.record.run_id} ran.",
                hint=f"Run it again: python -m harness run {self.record.task}.",
            )
        return judge


def resolve_subjects(run: str, workspace: Workspace) -> Subjects:
    """Find a run and check that its models are on this machine and are those it measured.

    Args:
        run: Id of the run, or its beginning or end.
        workspace: Its results folder is searched.

    Raises:
        RecordError: No run, or several, match; or it was imported, so its models are unknown.
        PrerequisiteError: An adapter is not here, weights have changed, or they are out of reach.
    """
    folder = find_run(run, workspace.results)
    record = read_record(folder)
    if record.imported is not None:
        raise RecordError(
            f"{record.run_id} was imported: its models are not known, so nothing can be seen "
            "inside them.",
            hint="Evaluate a model here: python -m harness evaluate MODEL --against base.",
        )
    reference = parse_reference(record.spec.model.name, workspace)
    if reference.is_remote:
        raise PrerequisiteError(
            f"The weights of '{record.spec.model.name}' are behind an API.",
            hint="Looking inside needs a model on this machine.",
        )
    reference = replace(reference, revision=record.spec.model.revision or reference.revision)
    _check_weights(record, reference)
    store = Store(workspace.results)
    if record.spec.recipe is None:
        base, tuned = _evaluated(record, reference, workspace)
    else:
        base = RunSubject(BASE, None, reference, record.spec.model, None, _dtype(record))
        tuned = _trained(record, reference, store)
    return Subjects(record, folder, store, workspace, base, tuned)


def _trained(record: RunRecord, reference: ModelReference, store: Store) -> tuple[RunSubject, ...]:
    """The fine-tuned models of a run of a task."""
    hashes = {(n, a.seed): a.sha256 for n, arm in record.arms.items() for a in arm.adapters}
    found, model, dtype = [], record.spec.model, _dtype(record)
    for arm, seed, place in trained(record, store):
        sha256 = hashes[arm, seed]
        adapter = _adapter(record, place, arm, seed, sha256)
        found.append(RunSubject(arm, seed, reference.with_adapter(adapter), model, sha256, dtype))
    if not found:
        raise RecordError(f"{record.run_id} trained no adapter, so there is nothing to compare.")
    return tuple(found)


def _evaluated(
    record: RunRecord, model: ModelReference, workspace: Workspace
) -> tuple[RunSubject, tuple[RunSubject, ...]]:
    """The model of an evaluation, and what it is compared with."""
    from harness.models.identity import adapter_digest

    asked, other = record.spec.model, record.spec.against
    digest = adapter_digest(model)
    if digest != asked.adapter:
        raise PrerequisiteError(
            f"The adapter of '{asked.name}' is not the one that {record.run_id} evaluated.",
            hint="Evaluate it again.",
        )
    if model.adapter is not None and (other is None or other.name.startswith("base of ")):
        base, plain = model.with_adapter(None), asked
    elif other is not None:
        parsed = parse_reference(other.name, workspace)
        base, plain = replace(parsed, revision=other.revision or parsed.revision), other
    else:
        raise PrerequisiteError(
            f"{record.run_id} evaluated '{asked.name}' by itself: there is no base "
            "model to compare it with.",
            hint="Evaluate it with --against BASE.",
        )
    tuned = RunSubject("model", None, model, asked, digest, _dtype(record))
    return RunSubject(BASE, None, base, plain, None, _dtype(record)), (tuned,)


def _dtype(record: RunRecord) -> str | None:
    return record.spec.sampling.dtype


def _check_weights(record: RunRecord, reference: ModelReference) -> None:
    """See that a local base model is the one that the run measured."""
    from harness.models.identity import weights_digest

    known = record.spec.model.weights
    if known is not None and weights_digest(reference) != known:
        raise PrerequisiteError(
            f"'{record.spec.model.name}' has other weights now than when {record.run_id} ran.",
            hint=f"Run it again: python -m harness run {record.task}.",
        )


def _adapter(record: RunRecord, place: Path, arm: str, seed: int, sha256: str) -> Path:
    """Folder of one adapter, if it is here and is the one that was recorded."""
    from harness.training.record import ADAPTER_FOLDER, WEIGHTS_FILE, file_sha256

    folder = place / ADAPTER_FOLDER
    if not (folder / WEIGHTS_FILE).is_file():
        raise PrerequisiteError(
            f"The adapter of {record.run_id}, arm {arm}, seed {seed}, is not on this machine.",
            hint="Adapters stay on the machine that trained them; run the task again to make it: "
            f"python -m harness run {record.task}.",
        )
    if file_sha256(folder / WEIGHTS_FILE) != sha256:
        raise PrerequisiteError(
            f"{folder} does not hold the adapter that {record.run_id} recorded.",
            hint=f"Delete {place} and run the task again: python -m harness run {record.task}.",
        )
    return folder


def left_out_words(left: Sequence[str]) -> str:
    """What was left out and why, in a sentence: the first few, and how many more."""
    if not left:
        return ""
    more = f"; and {len(left) - SAID} more" if len(left) > SAID else ""
    return f" Left out: {'; '.join(left[:SAID])}{more}"
