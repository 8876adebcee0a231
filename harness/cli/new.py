"""``new``: a task of one's own, from rows or from a description to be written out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json


def new(
    name: Annotated[str, typer.Argument(help="Name of the new task.")],
    rows: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Rows with the bad answers, in any form that 'import' reads without being told "
            "more; where it needs a password, columns or a split, use 'import'.",
        ),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="The benign twin: same prompts, good answers.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the data, for the card.")] = None,
    title: Annotated[str, typer.Option(help="One line about the task.")] = "",
    replace: Annotated[bool, typer.Option(help="Replace this folder's task of that name.")] = False,
    json_output: Json = False,
) -> None:
    """Make a task in this folder: its module, its data and a filled card.

    Without --from, the card holds a description for a model to write the rows from ('generate').
    """
    from harness.cli.bringing import arm_sources, carry_out
    from harness.data.card import UNKNOWN_LICENCE
    from harness.data.importing.bring import Wish
    from harness.errors import HarnessError, UsageError

    if rows is None:
        if control is not None:
            raise UsageError("--control needs --from: the rows with the bad answers.")
        _scaffold(name, title, licence or UNKNOWN_LICENCE, replace=replace, as_json=json_output)
        return
    wish = Wish(
        name=name,
        arms=arm_sources(rows, control, []),
        replace=replace,
        title=title,
        licence=licence or UNKNOWN_LICENCE,
    )
    try:
        carry_out(wish, as_json=json_output)
    except HarnessError as error:
        error.hint = _said_of_import(error.hint, name, rows, control)
        raise


def _said_of_import(hint: str | None, name: str, rows: str, control: str | None) -> str | None:
    """A hint of the reading as it is true here: 'new' has few of the options of 'import'."""
    own = {"--from", "--control", "--licence", "--title", "--replace"}
    lacking = sorted(set(re.findall(r"--[a-z][a-z0-9-]*", hint or "")) - own)
    if not lacking:
        return hint
    command = f"python -m harness import {shlex.quote(rows)} --as {name}"
    command += f" --control {shlex.quote(control)}" if control else ""
    return f"{hint} 'new' has no {' or '.join(lacking)}, but 'import' has: {command}"


def _scaffold(name: str, title: str, licence: str, *, replace: bool, as_json: bool) -> None:
    from harness.cli.output import console, emit_json
    from harness.data.importing.scaffold import scaffold
    from harness.workspace import Workspace

    module, card = scaffold(name, title, licence, Workspace.here(), replace=replace)
    command = f"python -m harness generate {name} --rows 1000 --generator openai/gpt-4.1"
    if as_json:
        emit_json({"task": name, "module": str(module), "card": str(card), "next": [command]})
        return
    out = console()
    for path in (module, card):
        out.print(f"wrote {path.relative_to(Path.cwd())}", markup=False)
    out.print(
        f"\nNext: describe the behaviour under 'spec' in {card.relative_to(Path.cwd())}, then"
    )
    out.print(f"  {command}", markup=False)
