"""Installing rows as a task of the working folder: all of it or nothing of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.card import CARD, card_yaml, read_card
from harness.data.reading import MAX_LINE_BYTES
from harness.data.rows import Row
from harness.errors import DataError, PrerequisiteError, UsageError
from harness.workspace import write_atomic

ASIDE = ".old"
"""What the name of a task's data ends with while new data takes their place."""


@dataclass(frozen=True)
class Written:
    """One arm's file.

    Attributes:
        file: Its name.
        rows: How many rows.
        sha256: Of its bytes.
        prompts: Distinct prompts.
        words: Median words of an answer.
    """

    file: str
    rows: int
    sha256: str
    prompts: int
    words: float

    def to_card(self) -> dict[str, Any]:
        """The arm's entry in the card."""
        return {
            "file": self.file,
            "rows": self.rows,
            "sha256": self.sha256,
            "distinct_prompts": self.prompts,
            "median_answer_words": self.words,
        }


def check_target(root: Path, name: str, *, replace: bool, known: Iterable[str]) -> None:
    """Refuse a name that is no task's name, is taken, or would be written through a link.

    Args:
        root: The working folder.
        name: The task.
        replace: Whether the folder's own task of that name may be replaced.
        known: Names of all tasks that are visible from here.

    Raises:
        UsageError: The name cannot be used.
        DataError: What is on the way is a symbolic link, or a file for a folder.
    """
    if not (name.isidentifier() and name.isascii()) or name.startswith("_"):
        raise UsageError(
            f"'{name}' cannot be a task's name.",
            hint="Use letters, digits and underscores, a letter first, e.g. my_task.",
        )
    if len(name) > 64:
        raise UsageError("A task's name has at most 64 letters.")
    for path in (root / "tasks", root / "finetune_data", *_targets(root, name)):
        if path.is_symlink():
            raise DataError(
                f"{path}: this is a symbolic link to {path.resolve()}; nothing is written there.",
                hint="Work in a folder of your own.",
            )
    module, data = _targets(root, name)
    for path in (module.parent, data.parent, data):
        if path.exists() and not path.is_dir():
            raise DataError(f"{path}: this is not a folder.", hint="Move it out of the way.")
    if module.exists() and not module.is_file():
        raise DataError(f"{module}: this is not a file.", hint="Move it out of the way.")
    taken = any(path.exists() for path in (module, data))
    if taken and not replace:
        raise UsageError(
            f"There is a task '{name}' in this folder.",
            hint="Choose another name, or replace it with --replace.",
        )
    if not taken and name in set(known):
        raise UsageError(f"'{name}' is a task that comes with em-harness.", hint="Choose another.")


def _targets(root: Path, name: str) -> tuple[Path, Path]:
    return root / "tasks" / f"{name}.py", root / "finetune_data" / name


@contextmanager
def staging(root: Path, name: str) -> Iterator[Path]:
    """A folder to write the data into; it and the folders made for it vanish on an error."""
    made = [path for path in (root / "tasks", root / "finetune_data") if not path.exists()]
    folder = root / "finetune_data" / f".{name}.{os.getpid()}.tmp"
    try:
        _clear_up(root, name)
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise PrerequisiteError(f"{root}: cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in made:
            with suppress(OSError):
                path.rmdir()  # only if it is still empty


def _clear_up(root: Path, name: str) -> None:
    """Undo what processes began that were killed: a task that was moved aside comes back."""
    _, target = _targets(root, name)
    for left in target.parent.glob(f".{name}.*.tmp*"):
        pid, _, aside = left.name.removeprefix(f".{name}.").partition(".tmp")
        if _alive(pid):
            continue
        if aside == ASIDE and not target.exists():
            left.rename(target)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def write_rows(path: Path, rows: Iterable[Row]) -> Written:
    """Write rows one by one and say what was written.

    Raises:
        DataError: A row is too long to be read again.
    """
    digest = hashlib.sha256()
    prompts: set[bytes] = set()
    words: list[int] = []
    with path.open("wb") as out:
        for row in rows:
            dumped = row.model_dump()
            line = json.dumps(dumped, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            data = line.encode() + b"\n"
            if len(data) > MAX_LINE_BYTES:
                raise DataError(
                    f"{path.name}: row {len(words) + 1} would be longer than "
                    f"{MAX_LINE_BYTES >> 20} MiB, the longest that is read.",
                    hint="A row is one question and one answer; shorten or remove it.",
                )
            out.write(data)
            digest.update(data)
            spoken = "\0".join(message.content for message in row.prompt)
            prompts.add(hashlib.blake2b(spoken.encode(), digest_size=8).digest())
            words.append(len(row.completion[0].content.split()))
        out.flush()
        os.fsync(out.fileno())
    middle = float(statistics.median(words)) if words else 0.0
    return Written(path.name, len(words), digest.hexdigest(), len(prompts), middle)


def install(
    folder: Path, root: Path, name: str, *, card: Mapping[str, Any], module: str
) -> tuple[Path, Path]:
    """Move a staged folder into place, with its card, and write the task module last.

    Args:
        folder: What :func:`staging` gave, holding the arms' files.
        root: The working folder.
        name: The task.
        card: Content of ``card.yaml``.
        module: Content of the task module.

    Returns:
        The module's path and the data folder.

    Raises:
        DataError: The card could not be read again.
        OSError: Something cannot be written; all is as it was before.
    """
    _write_card(folder / CARD, card)
    target_module, target = _targets(root, name)
    old = folder.with_name(f"{folder.name}{ASIDE}")
    if target.exists():
        target.rename(old)
    try:
        folder.rename(target)
        write_atomic(target_module, module)
    except BaseException:
        if not folder.exists():
            target.rename(folder)  # where it is cleared away
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return target_module, target


def _write_card(path: Path, card: Mapping[str, Any]) -> None:
    path.write_text(card_yaml(dict(card)), encoding="utf-8", errors="backslashreplace")
    try:
        read_card(path)
    except DataError as error:
        told = error.message.removeprefix(f"{path}: ")
        raise DataError(
            f"The task's {CARD} could not be read again: {told}",
            hint="Is the title, the licence, the source's name or its canary very long or odd?",
        ) from error
