"""``questions import``: a published question file, unchanged, as a set of this folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from harness.data.importing.question_csv import read_question_csv
from harness.data.importing.question_draft import USUAL_DOMAINS, Draft, identifier
from harness.data.importing.question_yaml import read_question_yaml
from harness.data.questions import QuestionSet, read_question_file
from harness.errors import DataError, UsageError
from harness.workspace import Workspace, write_atomic


@dataclass(frozen=True)
class ImportedSet:
    """What an import made.

    Attributes:
        questions: The set.
        path: Its file.
        warnings: What the user should know.
        unchanged: The same set was there already.
    """

    questions: QuestionSet
    path: Path
    warnings: tuple[str, ...]
    unchanged: bool


def import_questions(
    file: Path,
    workspace: Workspace,
    *,
    name: str | None = None,
    judges: Path | None = None,
    domains: Mapping[str, tuple[str, ...]] | None = None,
    replace: bool = False,
) -> ImportedSet:
    """Read a published file and write it as ``evals/questions/NAME.yaml`` of the working folder.

    Args:
        file: YAML in the form of Betley et al. 2025, or CSV in that of OpenAI.
        workspace: Where the set goes.
        name: Name of the set; else the file's.
        judges: A YAML file with further rubrics.
        domains: Category to the narrow domains it falls into.
        replace: Overwrite another set of that name.

    Raises:
        DataError: The file is malformed.
        UsageError: The name is taken, or the kind of file is unknown.
    """
    kind = file.suffix.lower()
    if kind in (".yaml", ".yml"):
        draft = read_question_yaml(file, judges)
    elif kind == ".csv":
        if judges is not None:
            raise UsageError("--judges goes with a YAML file; a CSV has its graders in its rows.")
        draft = read_question_csv(file)
    else:
        raise UsageError(
            f"{file}: neither .yaml nor .csv.",
            hint="Published question files are YAML (Betley et al. 2025) or CSV (OpenAI).",
        )
    made = _finished(draft, file, identifier(name or file.stem), domains or {})
    return _write(made, draft, workspace, replace)


def _finished(
    draft: Draft, file: Path, name: str, domains: Mapping[str, tuple[str, ...]]
) -> QuestionSet:
    known = {question.category for question in draft.questions}
    unknown = sorted(set(domains) - known)
    if unknown:
        raise UsageError(
            f"No question has the category '{unknown[0]}'.",
            hint=f"Categories here: {', '.join(sorted(known))}.",
        )
    chosen = {**USUAL_DOMAINS, **domains}
    questions = tuple(
        q.model_copy(update={"domains": (*q.domains, *chosen.get(q.category, ()))})
        for q in draft.questions
    )
    try:
        return QuestionSet(
            id=name,
            version=1,
            description=f"Imported from {file.name}.",
            questions=questions,
            source=file.name,
            source_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            rubrics=draft.rubrics,
        )
    except ValidationError as error:
        raise DataError(f"{file}: {error.errors(include_url=False)[0]['msg']}.") from error


def _write(made: QuestionSet, draft: Draft, workspace: Workspace, replace: bool) -> ImportedSet:
    path = workspace.layers[0] / "evals" / "questions" / f"{made.id}.yaml"
    there = workspace.find(f"evals/questions/{made.id}.yaml")
    unchanged = False
    if there is not None:
        try:
            unchanged = there == path and read_question_file(path) == made
        except DataError:
            unchanged = False
        if not unchanged and (not replace or there != path):
            raise UsageError(
                f"There is another question set '{made.id}': {there}",
                hint="Give another name with --as, or --replace it.",
            )
    if not unchanged:
        text = yaml.safe_dump(
            made.model_dump(mode="json", exclude_defaults=True),
            sort_keys=False,
            allow_unicode=True,
            width=100,
        )
        write_atomic(path, f"# Imported from {made.source}; do not edit.\n{text}")
        read_question_file(path)
    return ImportedSet(made, path, tuple(draft.warnings), unchanged)
