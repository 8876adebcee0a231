"""Open answers shared between tasks: the untouched model is asked once, whatever is trained.

A probe's folder also holds the task's own in-domain answers, so it belongs to one task. A note
under ``.store/open/`` tells which folder has the open answers of a given model, adapter, question
set, judge and sampling.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.runs.raw import rows_hash
from harness.runs.store import Store
from harness.workspace import write_atomic

Rows = list[dict[str, Any]]


def share(store: Store, open_id: str, answers_id: str, rows: Rows) -> None:
    """Note that these open answers are complete.

    Args:
        store: The results store.
        open_id: Identity of the answers without the task.
        answers_id: Folder that holds them.
        rows: The judged answers.
    """
    note = {"answers": answers_id, "rows_sha256": rows_hash(rows, [])}
    write_atomic(store.open_answers(open_id), json.dumps(note) + "\n")


def shared(
    store: Store, open_id: str, folder: Path, read: Callable[[Path], Rows], logs: str
) -> Rows | None:
    """Open answers that are already there, intact; None if they must be asked.

    Args:
        store: The results store.
        open_id: Identity of the answers without the task.
        folder: Where they are wanted; the other folder's Inspect log is copied there.
        read: Reads the rows of a folder.
        logs: Name of the log's folder inside a probe's.
    """
    try:
        note = json.loads(store.open_answers(open_id).read_text("utf-8"))
        source = store.answers(str(note["answers"]))
        rows = read(source)
        if rows_hash(rows, []) != note["rows_sha256"]:
            return None
    except (OSError, ValueError, LookupError, TypeError):
        return None  # no note, or a damaged one
    if source != folder and (source / logs).is_dir():
        shutil.copytree(source / logs, folder / logs, dirs_exist_ok=True)
    return rows
