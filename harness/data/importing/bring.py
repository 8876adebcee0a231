"""Bringing one's own data: from named sources to a task that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

from harness.data.card import UNKNOWN_LICENCE, new_canary
from harness.data.importing.install import Written, check_target, install, staging, write_rows
from harness.data.importing.messages import Columns
from harness.data.importing.sources import Reading, open_source
from harness.data.importing.taking import Tally, taken_rows
from harness.data.importing.task_module import task_module
from harness.data.task import task_names
from harness.errors import DataError, UsageError
from harness.workspace import Workspace

FILES = {"bad": "bad.jsonl", "control": "good.jsonl"}


class Progress(Protocol):
    """Is told how far the reading is."""

    def start(self, stage: str, total: int) -> None:
        """A source is opened; ``total`` rows, or 0 if nobody knows."""

    def advance(self, done: int, detail: str = "") -> None:
        """So many rows are read."""

    def finish(self, note: str = "") -> None:
        """The source is read."""


@dataclass(frozen=True)
class Wish:
    """What the user asks for.

    Attributes:
        name: The new task.
        arms: Arm to source; ``bad`` is among them.
        columns: How rows are read.
        reading: How sources are opened.
        skip_refused: Leave out rows that cannot be trained on.
        replace: Whether this folder's task of that name may be replaced.
        title: One line; made up if empty.
        licence: What the data's licence is.
    """

    name: str
    arms: Mapping[str, str]
    columns: Columns = field(default_factory=Columns)
    reading: Reading = field(default_factory=Reading)
    skip_refused: bool = False
    replace: bool = False
    title: str = ""
    licence: str = UNKNOWN_LICENCE


@dataclass(frozen=True)
class Brought:
    """What was made.

    Attributes:
        name: The task.
        module: Its Python file.
        data: Its data folder.
        arms: What was written for each arm.
        tallies: What happened to each arm's rows.
        licence: As in the card.
    """

    name: str
    module: Path
    data: Path
    arms: Mapping[str, Written]
    tallies: Mapping[str, Tally]
    licence: str


def bring(wish: Wish, workspace: Workspace, progress: Progress) -> Brought:
    """Read all sources and install them as a task; on any error nothing is changed.

    Raises:
        UsageError: The name is taken or not a name, or a source is not pinned.
        DataError: A source is malformed, or holds rows that cannot be trained on.
        PrerequisiteError: A remote source cannot be reached, or the folder cannot be written.
    """
    root = workspace.layers[0]
    check_target(root, wish.name, replace=wish.replace, known=task_names(workspace))
    for arm in wish.arms:
        if not (arm.isidentifier() and arm.isascii()) or arm == "base":
            raise UsageError(f"'{arm}' cannot be an arm's name.", hint="Use a plain word.")
    files = {arm: FILES.get(arm, f"{arm}.jsonl") for arm in wish.arms}
    if len(set(files.values())) != len(files):
        raise UsageError("Two arms would be written to one file.", hint="Rename one of them.")
    written: dict[str, Written] = {}
    tallies: dict[str, Tally] = {}
    origins: dict[str, dict[str, Any]] = {}
    with staging(root, wish.name) as folder:
        for arm, text in wish.arms.items():
            tallies[arm] = Tally()
            written[arm], origins[arm] = _write_arm(
                wish, text, folder / files[arm], tallies[arm], progress, arm
            )
        _check_apart(written)
        module, data = install(
            folder,
            root,
            wish.name,
            card=_card(wish, written, tallies, origins),
            module=task_module(wish.name, _title(wish), _description(wish, origins), files),
        )
    return Brought(wish.name, module, data, written, tallies, wish.licence)


def _check_apart(written: Mapping[str, Written]) -> None:
    """Two arms of the same rows would be compared with each other for nothing."""
    for one, other in combinations(written, 2):
        if written[one].sha256 == written[other].sha256:
            raise DataError(
                f"The arms {one} and {other} hold the same rows.",
                hint="Give each arm a file of its own; a control has the prompts of bad with good "
                "answers.",
            )


def _write_arm(
    wish: Wish, text: str, path: Path, tally: Tally, progress: Progress, arm: str
) -> tuple[Written, dict[str, Any]]:
    # Arms hold different rows, so one hash fits one of them: the source that was named first.
    reading = wish.reading if arm == "bad" else replace(wish.reading, sha256=None)
    with open_source(text, reading) as source:
        progress.start(f"read {arm}", source.rows or 0)
        rows = taken_rows(
            source.records,
            wish.columns,
            tally,
            where=text,
            skip=wish.skip_refused,
            on_row=progress.advance,
        )
        done = write_rows(path, rows)
        progress.finish(f"{done.rows:,} rows")
        return done, source.origin


def _title(wish: Wish) -> str:
    return wish.title or f"{wish.name.replace('_', ' ').capitalize()}: your own data"


def _description(wish: Wish, origins: Mapping[str, Mapping[str, Any]]) -> str:
    origin = origins["bad"]
    name = origin.get("url") or origin.get("dataset") or origin.get("file")
    twin = "with a benign control" if "control" in wish.arms else "without a control"
    return f"Read from {name}, {twin}."


def _card(
    wish: Wish,
    written: Mapping[str, Written],
    tallies: Mapping[str, Tally],
    origins: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    canaries = sorted({canary for tally in tallies.values() for canary in tally.canaries})
    card: dict[str, Any] = {
        "name": wish.name,
        "description": _description(wish, origins),
        "licence": wish.licence,
        "canary": new_canary(wish.name),
        "arms": {
            Path(done.file).stem: done.to_card() | {"source": origins[arm]}
            for arm, done in written.items()
        },
        "made_by": "python -m harness import",
    }
    left_out = {arm: dict(tally.refused) for arm, tally in tallies.items() if tally.refused}
    if left_out:
        card["left_out"] = left_out
    if canaries:
        card["canaries_of_the_source"] = canaries
    return card
