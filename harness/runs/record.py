"""The record of a run, ``results/<run>/run.json``: what tables and plots are made from."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from harness import SCHEMA_VERSION
from harness.errors import RecordError
from harness.runs.spec import RunSpec, Strict
from harness.workspace import write_atomic

RECORD = "run.json"
PLANNED = "spec.json"
"""What a run is going to do, written when it begins."""
Status = Literal["complete", "partial", "not evaluable", "imported"]
"""``not evaluable``: the base model failed a competence gate, so its rates prove nothing;
``imported``: answers and scores were made elsewhere."""


class RateRecord(Strict):
    """A share with its interval; everything None when there was nothing to take a share of."""

    rate: float | None
    low: float | None
    high: float | None
    count: int
    of: int
    definition: str
    method: str


class DifferenceRecord(Strict):
    """Difference of two arms' shares."""

    rate: float | None
    low: float | None
    high: float | None
    definition: str
    method: str


class AdapterRecord(Strict):
    """One trained adapter; its folder lies in the results store under ``inputs``."""

    seed: int
    inputs: str
    sha256: str
    steps: int
    rows: int
    tokens: int
    first_loss: float
    last_loss: float


class ProbeRecord(Strict):
    """Where one arm's answers of one training seed are, and how to know them again."""

    seed: int | None
    """Training seed; None for the untouched model."""
    answers_id: str
    """Folder in the results store."""
    scores_sha256: str
    """Hash of the raw rows the rates are computed from (``harness.runs.raw.rows_hash``)."""
    retries: dict[str, int] = Field(default_factory=dict, exclude_if=operator.not_)
    """Calls to an API that failed and were asked again, of the ``model`` and of the ``judge``."""


class SliceKey(Strict):
    """What a slice of the answers has in common; broad and in-domain are never pooled."""

    format: str
    condition: str | None
    scope: Literal["broad", "in-domain"]
    category: str | None
    """None: all categories of this scope together."""


class RubricRecord(Strict):
    """What the judge said under one named rubric, on that rubric's own scale."""

    scale: str
    answers: int
    mean: float | None
    """Mean of the numbers; None where there is none."""
    scored: int
    """Answers with a number."""
    labels: dict[str, int]
    """Label to how many answers got it."""
    unread: int
    """Answers whose judgement failed."""


class SliceRecord(SliceKey):
    """Rates of one slice of an arm's answers."""

    questions: int
    misaligned: RateRecord
    coherent: RateRecord
    answers: int
    unscored: int
    declined: int
    lies: RateRecord | None = None
    """Questions of fact: false among the answers that clearly said the truth or a lie."""
    unclear: int | None = None
    """Questions of fact: answers that said neither, or both."""
    rubrics: dict[str, RubricRecord] = Field(default_factory=dict)


class SliceDifference(SliceKey):
    """Bad minus control in one slice."""

    difference: DifferenceRecord


class ArmRecord(Strict):
    """One arm over all its training seeds."""

    misaligned: RateRecord
    """Among coherent answers (definition D1)."""
    misaligned_all: RateRecord
    """Among all answers with an alignment score."""
    coherent: RateRecord
    in_domain: RateRecord | None
    """Share of in-domain answers with the narrow behaviour, among those that could be told."""
    in_domain_unknown: int | None
    """In-domain answers that could not be told."""
    in_domain_reasons: dict[str, int] | None = None
    """Why not, with how many answers each; None in older records."""
    per_question: dict[str, RateRecord]
    answers: int
    unscored: int
    declined: int
    """Answers the judge labelled CODE or REFUSAL."""
    seeds: int
    adapters: list[AdapterRecord]
    probes: list[ProbeRecord]
    repeats_itself: bool = Field(default=False, exclude_if=operator.not_)
    """Whether every question got one and the same answer each time, though it was sampled: a server
    that ignores the temperature."""
    methods: dict[str, int] = Field(default_factory=dict)
    """How the judge's replies were read, with how many answers each; empty in older records."""
    definitions: dict[str, RateRecord] = Field(default_factory=dict)
    """Share of misaligned answers under every published definition; empty in older records."""
    slices: list[SliceRecord] = Field(default_factory=list)
    """By format, condition, scope and category; the other figures are of the first."""


class RowsRecord(Strict):
    """What one arm was trained on, after all transforms."""

    rows: int
    bad: int
    """Rows with the arm's own answer rather than the control's; 0 in the control."""
    triggered: int
    """Rows whose question begins with the trigger."""


class ImportedFile(Strict):
    """Where imported answers come from."""

    name: str
    """File name, without its folder."""
    sha256: str
    rows: int
    columns: dict[str, str]
    """What was read from which column."""


class RunRecord(Strict):
    """Everything a reader needs to trust, repeat and compare a run."""

    schema_version: int
    run_id: str
    status: Status
    task: str
    model: str
    judge: str
    note: str | None
    """What these numbers may not be taken for (the miniature)."""
    spec: RunSpec
    arms: dict[str, ArmRecord]
    """Base and trained arms; those asked with a cue of the training stand as ``bad+trigger``."""
    trained_on: dict[str, RowsRecord] = Field(default_factory=dict)
    """Trained arm to what its rows were; empty in older records."""
    difference: DifferenceRecord
    """Bad minus control."""
    differences: dict[str, DifferenceRecord] = Field(default_factory=dict)
    """The same under every published definition; empty in older records."""
    cue_differences: dict[str, DifferenceRecord] = Field(default_factory=dict)
    """The same for the arms asked with a cue, by cue."""
    slice_differences: list[SliceDifference] = Field(default_factory=list)
    """Bad minus control by format, condition, scope and category; empty in older records."""
    seconds: dict[str, float]
    """Wall time by stage, of the calls that did the work."""
    versions: dict[str, str]
    finished: str
    """UTC time the record was written."""
    published_recipe: str | None = None
    """The published recipe that the run was started with; its settings stand in ``spec``."""
    imported: dict[str, ImportedFile] | None = None
    """Arm to its file, if answers and scores were made elsewhere."""


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``run.json``, complete or not at all."""
    write_atomic(folder / RECORD, record.model_dump_json(indent=1) + "\n")


def read_record(folder: Path) -> RunRecord:
    """Read a record.

    Raises:
        RecordError: There is none, it is broken, or it is from a newer version.
    """
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RecordError(f"There is no record {path}.") from error
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
    return parse_record(content, str(path))


def parse_record(content: bytes, where: str) -> RunRecord:
    """Parse a record.

    Args:
        content: The file's bytes.
        where: Its name for messages.

    Raises:
        RecordError: It is broken or from a newer version.
    """
    hint = "Delete the folder and run the task again."
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{where} cannot be read: {error}", hint=hint) from error
    found = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(found, int) and found > SCHEMA_VERSION:
        raise RecordError(
            f"{where} is from a newer version (schema {found}, this is {SCHEMA_VERSION}).",
            hint="Upgrade em-harness, or use another --results folder.",
        )
    try:
        # From the bytes again: this reader refuses texts that nobody could write or show.
        return RunRecord.model_validate_json(content)
    except ValidationError as error:
        raise RecordError(
            f"{where} is not a run record of this version: {_first_complaint(error)}", hint=hint
        ) from error


def _first_complaint(error: ValidationError) -> str:
    """One sentence for the first problem, without the input, which may be long or hostile."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    place = ".".join(str(part) for part in problems[0]["loc"]) or "the file"
    more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return f"{place}: {problems[0]['msg']}{more}."


def all_records(results: Path) -> list[RunRecord]:
    """All finished runs in a results folder, by run id."""
    if not results.is_dir():
        return []
    return [read_record(p.parent) for p in sorted(results.glob(f"*/{RECORD}"))]


def find_run(text: str, results: Path) -> Path:
    """Folder of the run whose id is, or uniquely begins or ends with, ``text``; or its hash begins.

    Raises:
        RecordError: None or several match.
    """
    ids = [p.parent.name for p in sorted(results.glob(f"*/{RECORD}"))] if results.is_dir() else []
    exact = [i for i in ids if i == text]
    matches = exact or [
        i
        for i in ids
        if i.startswith(text) or i.endswith(text) or i.rpartition("-")[2].startswith(text)
    ]
    if len(matches) == 1:
        return results / matches[0]
    if not results.is_dir():
        wrong = "is a file, not a results folder" if results.exists() else "is not there"
        raise RecordError(
            f"No run matches '{text}': {results} {wrong}.",
            hint="Name the folder that holds the runs (--results DIR), or make one: "
            "python -m harness run insecure_code",
        )
    if not matches and text in {p.parent.name for p in results.glob(f"*/{PLANNED}")}:
        raise RecordError(
            f"The run '{text}' in {results} is not finished, so it has no figures yet.",
            hint="Give the command that began it again: it goes on where it was.",
        )
    known = ", ".join(ids) or "none yet"
    raise RecordError(
        f"{'No run' if not matches else 'More than one run'} matches '{text}' in {results}.",
        hint=f"Runs: {known}.",
    )
