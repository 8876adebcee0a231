"""``questions``: the question sets here, and published files as sets of this folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from harness.data.questions import QuestionSet

questions_app = typer.Typer(
    no_args_is_help=True, help="Question sets: list them, import published ones."
)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@questions_app.command("list")
def list_sets(json_output: Json = False) -> None:
    """List the question sets: how many questions, of what kind, judged how."""
    from harness.data.questions import question_sets, read_question_file
    from harness.workspace import Workspace, builtin_root

    found: list[dict[str, Any]] = []
    for path in question_sets(Workspace.here()):
        builtin = path.is_relative_to(builtin_root().resolve())
        entry: dict[str, Any] = {
            "id": path.stem,
            "source": "built-in" if builtin else "this folder",
        }
        try:
            found.append(entry | summary(read_question_file(path)) | {"problem": None})
        except HarnessError as error:
            found.append(entry | {"problem": error.message})
    if json_output:
        from harness.cli.output import emit_json

        emit_json({"sets": found})
    else:
        for entry in found:
            _print(entry)


@questions_app.command("import")
def import_set(
    file: Annotated[Path, typer.Argument(help="A published .yaml or .csv file of questions.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Name of the set; else the file's.")
    ] = None,
    judges: Annotated[
        Path | None, typer.Option(help="A YAML file with further rubrics, for every question.")
    ] = None,
    in_domain: Annotated[
        list[str] | None,
        typer.Option(
            help="CATEGORY=DOMAIN: its questions are in-domain for tasks that train DOMAIN "
            "(medical, legal, finance, car, code). Repeatable."
        ),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace this folder's set of that name.")] = False,
    json_output: Json = False,
) -> None:
    """Read a published question file unchanged and make it a set of this folder.

    Its rubrics are kept as named rubrics, each on its own scale.
    """
    from harness.cli.output import emit_json, stderr_console
    from harness.data.importing.question_file import import_questions
    from harness.workspace import Workspace

    made = import_questions(
        file,
        Workspace.here(),
        name=name,
        judges=judges,
        domains=_domains(in_domain or []),
        replace=replace,
    )
    entry = {"id": made.questions.id, "source": "this folder"} | summary(made.questions)
    for warning in made.warnings:
        stderr_console().print(f"note: {warning}", markup=False)
    if json_output:
        extra = {"unchanged": made.unchanged, "warnings": list(made.warnings)}
        emit_json(entry | {"file": str(made.path)} | extra)
        return
    _print(entry)
    said = "already there" if made.unchanged else "wrote"
    stderr_console().print(f"{said}: {made.path}", markup=False)
    stderr_console().print(f"Ask it: python -m harness run TASK --questions {made.questions.id}")


def summary(asked: QuestionSet) -> dict[str, Any]:
    """A set for machines."""
    samples = {q.published.samples for q in asked.questions if q.published and q.published.samples}
    return {
        "description": asked.description,
        "questions": len({question.group for question in asked.questions}),
        "wordings": sum(1 + len(question.paraphrases) for question in asked.questions),
        "categories": dict(Counter(question.category for question in asked.questions)),
        "domains": dict(Counter(d for question in asked.questions for d in question.domains)),
        "formats": list(dict.fromkeys(question.format for question in asked.questions)),
        "conditions": list(asked.conditions),
        "rubrics": {name: str(rubric.scale) for name, rubric in asked.rubrics.items()},
        "published_samples": sorted(samples),
        "digest": asked.digest(),
    }


def _print(entry: dict[str, Any]) -> None:
    from rich.text import Text

    from harness.board.text import clean
    from harness.cli.output import console, print_hanging, stderr_console

    out = console()
    if entry.get("problem"):
        stderr_console().print(f"{clean(entry['id'])}: {clean(entry['problem'])}", markup=False)
        return
    title = Text(f"{clean(entry['id'])}  ", style="bold")
    print_hanging(out, title, Text(clean(entry["description"])))
    facts = [f"{entry['questions']} questions", entry["source"]]
    for name in ("formats", "conditions"):
        if len(entry[name]) > 1:
            facts.append(f"{name}: {', '.join(entry[name])}")
    if entry["domains"]:
        facts.append("domains: " + ", ".join(f"{k} {n}" for k, n in entry["domains"].items()))
    lines = ["; ".join(facts), ", ".join(f"{k} {n}" for k, n in entry["categories"].items())]
    if entry["rubrics"]:
        scales = Counter(entry["rubrics"].values())
        lines.append("rubrics: " + "; ".join(f"{n} on {scale}" for scale, n in scales.items()))
    for line in lines:
        print_hanging(out, Text("  "), Text(clean(line), style="dim"))


def _domains(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        category, equals, domain = pair.rpartition("=")
        if not (category and equals and domain):
            raise UsageError(f"--in-domain {pair}: write CATEGORY=DOMAIN.")
        found[category] = (*found.get(category, ()), domain)
    return found
