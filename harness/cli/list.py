"""``list``: the tasks of this folder and the built-in ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli.options import Json, Results
from harness.errors import HarnessError
from harness.workspace import Workspace, builtin_root

BUILTIN, HERE = "built-in", "this folder"


@dataclass(frozen=True)
class Listed:
    """One task as it is listed.

    Attributes:
        name: Name on the command line.
        title: One line; empty if the task cannot be loaded.
        source: Whether the module is built in, lies in the working folder or is a package's.
        rows: Arm to number of rows; None if the arm's file is missing.
        in_domain: Whether the narrow behaviour itself is measured.
        harmless: Its narrow behaviour is benign: a control for narrowness itself.
        problem: Why it cannot be loaded or run.
    """

    name: str
    title: str
    source: str
    rows: dict[str, int | None]
    in_domain: bool
    harmless: bool = False
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The task for machines."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "arms": {arm: {"rows": rows} for arm, rows in self.rows.items()},
            "in_domain": self.in_domain,
            "harmless": self.harmless,
            "problem": self.problem,
        }


def list_tasks(
    json_output: Json = False,
    results: Results = None,
) -> None:
    """List the tasks, their arms and how many rows each has."""
    from harness.data.task import task_names

    workspace = Workspace.here(results)
    tasks = [look_up(name, workspace) for name in task_names(workspace)]
    if json_output:
        from harness.cli.output import emit_json

        emit_json({"tasks": [task.to_json() for task in tasks]})
    else:
        _print(tasks, workspace)


def look_up(name: str, workspace: Workspace) -> Listed:
    """Load a task and count its rows; what is wrong with it is told rather than raised."""
    from harness.data.task import arm_file, load_task

    path = workspace.find(f"tasks/{name}.py")
    source = _source(path, workspace) if path else HERE
    try:
        task = load_task(name, workspace)
    except HarnessError as error:
        return Listed(name, "", source, {}, False, problem=error.message)
    rows: dict[str, int | None] = {}
    problem = None
    for arm in task.arms:
        try:
            rows[arm] = count_rows(arm_file(task, arm, workspace))
        except HarnessError as error:
            rows[arm], problem = None, error.message
    measured = task.in_domain is not None
    return Listed(name, task.title, source, rows, measured, task.harmless, problem)


def _source(path: Path, workspace: Workspace) -> str:
    layer = path.parent.parent
    if layer == builtin_root().resolve():
        return BUILTIN
    return HERE if layer == workspace.layers[0] else f"package {layer.name}"


def count_rows(path: Path) -> int:
    """Number of lines in a file that are not blank; the rows are not parsed."""
    with path.open("rb") as handle:
        return sum(1 for line in handle if line.strip())


def _print(tasks: list[Listed], workspace: Workspace) -> None:
    from rich.text import Text

    from harness.board.text import clean
    from harness.cli.output import console, print_hanging, stderr_console

    out = console()
    if not tasks:
        places = ", ".join(str(layer / "tasks") for layer in workspace.layers)
        stderr_console().print(f"No tasks in {places}.", markup=False)
    width = max((len(clean(task.name)) for task in tasks), default=0)
    for task in tasks:
        arms = ", ".join(f"{a} {'-' if n is None else f'{n:,}'}" for a, n in task.rows.items())
        detail = f"{arms} rows; {task.source}" if arms else task.source
        gap = " " * (width - len(clean(task.name)) + 2)
        name = Text(clean(task.name), style="bold").append(gap)
        print_hanging(out, name, Text(clean(task.title)))
        print_hanging(out, Text(" " * (width + 2)), Text(clean(detail), style="dim"))
        if task.problem:
            complaint = f"{clean(task.name)}: {clean(task.problem)}"
            stderr_console().print(complaint, markup=False, emoji=False)
