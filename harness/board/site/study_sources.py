"""Reading what is known of a run's inside from ``results/<run>/inside/``."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from harness.board.site.study import Study
from harness.runs.inside.screening.record import SCREEN, ScreenRecord
from harness.runs.inside.warning.record import WARN, WarnRecord
from harness.runs.spec import Strict

FOLDER = "inside"
LARGEST = 2**25
"""Bytes that a record may have; more is taken for a bomb."""
R = TypeVar("R", bound=Strict)


def read_study(run: Path) -> Study:
    """Everything that lies in a run's folder; a record that is broken is named, not shown.

    Args:
        run: Folder of the run's record.
    """
    reader = _Reader(run / FOLDER)
    screen = reader.read(SCREEN, ScreenRecord)
    warn = reader.read(WARN, WarnRecord)
    dates = [record.finished for record in (screen, warn) if record is not None]
    return Study(
        screen=screen, warn=warn, finished=max(dates, default=""), problems=reader.problems
    )


class _Reader:
    """Reads records and remembers what was wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []

    def read(self, name: str, kind: type[R]) -> R | None:
        path = self._folder / name
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError("too large")
            return kind.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            short = "not a record of this version" if isinstance(error, ValidationError) else error
            self.problems.append(f"inside/{name} cannot be read: {short}")
            return None
