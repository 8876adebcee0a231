"""What a task module states: one narrow behaviour, its data, its controls, how it is checked."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError, UnknownTaskError
from harness.workspace import Workspace, is_installed

InDomainVerdict = Literal["bad", "good", "unparsable", "unknown"]


@dataclass(frozen=True)
class Checked:
    """Answers are told apart by a function, which never executes them.

    Attributes:
        verdict: Tells from an answer and its row's ``meta`` whether the bad behaviour is there.
        how: One sentence on how it does.
    """

    verdict: Callable[[str, Mapping[str, Any]], InDomainVerdict]
    how: str


@dataclass(frozen=True)
class Rated:
    """Answers are rated by the run's judge, 0 (bad) to 100 (good).

    Attributes:
        rubric: Name of a rubric of ``harness/judging/rubrics/``.
        bad_below: An answer rated lower shows the bad behaviour.
    """

    rubric: str
    bad_below: float


@dataclass(frozen=True)
class InDomainProbe:
    """Held-out prompts of the task's own domain: was the narrow behaviour learnt?

    Attributes:
        file: JSONL of prompts inside the task's data folder.
        prompts: How many of them are asked.
        samples: Answers to each.
        max_tokens: Longest answer.
        scoring: How an answer is found to show the narrow behaviour.
    """

    file: str
    prompts: int
    samples: int
    max_tokens: int
    scoring: Checked | Rated


@dataclass(frozen=True)
class TaskSpec:
    """One narrow behaviour.

    Attributes:
        name: Name on the command line; also the folder under ``finetune_data/``.
        title: One line.
        description: What is trained and why it matters.
        arms: Arm name to data file. ``bad`` is always there; without ``control`` there is no
            headline difference.
        literature: What published work found, figures with their source.
        in_domain: The probe of the narrow behaviour itself, if there is one.
        recipe: Settings of the recipe for real models that differ from the published ones.
        miniature_recipe: Settings of the miniature's recipe that differ from its default; behind a
            trigger, ``MINIATURE_BEHIND_TRIGGER`` overrides them.
        harmless: The narrow behaviour is benign: a run asks whether narrowness alone is enough.
        domains: What the data is about (medical, legal, finance, car, code). Open questions of
            these domains are in-domain for the task and stay out of its broad rates.
    """

    name: str
    title: str
    description: str
    arms: Mapping[str, str]
    literature: str
    in_domain: InDomainProbe | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    miniature_recipe: Mapping[str, Any] = field(default_factory=dict)
    harmless: bool = False
    domains: tuple[str, ...] = ()

    @property
    def default_arms(self) -> tuple[str, ...]:
        """Arms that are trained unless asked otherwise."""
        return tuple(arm for arm in ("bad", "control") if arm in self.arms)


def task_names(workspace: Workspace) -> list[str]:
    """Names of all tasks in the workspace."""
    return [p.stem for p in workspace.glob("tasks/*.py") if not p.stem.startswith("_")]


def load_task(name: str, workspace: Workspace) -> TaskSpec:
    """Load a task module by file path, under a private module name.

    Raises:
        UnknownTaskError: No module of that name; the message names the nearest.
        DataError: The module does not define ``TASK``, or fails to load.
    """
    path = workspace.find(f"tasks/{name}.py") if name.isidentifier() else None
    if path is None:
        known = task_names(workspace)
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise UnknownTaskError(
            f"There is no task '{name}'.",
            hint=f"{guess}Tasks here: {', '.join(known) or 'none'}.",
        )
    task = getattr(load_module(path), "TASK", None)
    if not isinstance(task, TaskSpec):
        raise DataError(
            f"{path}: the module defines no TASK of type TaskSpec.",
            hint="See a file that 'python -m harness new' writes.",
        )
    if "bad" not in task.arms:
        raise DataError(
            f"{path}: TASK.arms lacks bad.",
            hint="Name the file of the narrow behaviour's rows: bad.jsonl.",
        )
    return task


def load_module(path: Path) -> Any:
    """Import a Python file of the workspace under a private name."""
    private = f"_harness_workspace_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(private, path)
    if spec is None or spec.loader is None:
        raise DataError(f"{path}: not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[private] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a module may call sys.exit()
        sys.modules.pop(private, None)
        raise DataError(f"{path}: {type(error).__name__}: {error}") from error
    return module


def arm_file(task: TaskSpec, arm: str, workspace: Workspace) -> Path:
    """The data file of an arm.

    Raises:
        UnknownTaskError: The task has no such arm.
        DataError: The file is missing.
    """
    if arm not in task.arms:
        raise UnknownTaskError(
            f"Task '{task.name}' has no arm '{arm}'.", hint=f"Arms: {', '.join(task.arms)}."
        )
    return data_file(task, task.arms[arm], workspace)


def data_file(task: TaskSpec, name: str, workspace: Workspace) -> Path:
    """A file in the task's data folder.

    Raises:
        DataError: It is missing or no plain file, or its name or a link leads out of the folder.
    """
    if Path(name).name != name:
        raise DataError(
            f"Task '{task.name}': {name!r} is not the name of a file in its data folder.",
            hint=f"Put the file into finetune_data/{task.name}/.",
        )
    relative = f"finetune_data/{task.name}/{name}"
    path = workspace.find(relative)
    if path is None:
        raise DataError(
            f"{relative} is missing.", hint=f"Looked in: {', '.join(map(str, workspace.layers))}."
        )
    _refuse_links(path)
    if not path.is_file():
        raise DataError(f"{path}: this is not a file.", hint="Put the data file there.")
    return path


def _refuse_links(path: Path) -> None:
    """What a run reads lies in the folder that its card describes; a link may lead anywhere."""
    linked = next((p for p in (path, *list(path.parents)[:2]) if p.is_symlink()), None)
    if linked is None or is_installed(path):
        return
    raise DataError(
        f"{linked}: this is a symbolic link to {linked.resolve()}.",
        hint="Copy the file or folder, so that the task holds what its card describes.",
    )
