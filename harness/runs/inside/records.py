"""Small records of what was seen inside a run: ``results/<run>/inside/<verb>.json``."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from harness.runs.spec import Strict
from harness.workspace import write_atomic

FOLDER = "inside"
PACKAGES = ("em-harness", "torch", "transformers", "inspect-ai")
R = TypeVar("R", bound=Strict)


class Repeatable(Strict):
    """A record that is not computed again while nothing that it depends on has changed."""

    inputs: str | None = None
    """Hash of all that its figures depend on; None in records of before there was one."""


K = TypeVar("K", bound=Repeatable)


def write_side(run: Path, name: str, record: Strict) -> None:
    """Write a record beside a run's own, complete or not at all."""
    write_atomic(run / FOLDER / name, record.model_dump_json(indent=1) + "\n")


def read_side(run: Path, name: str, kind: type[R]) -> R | None:
    """Read a record; None where there is none, or none of this version."""
    try:
        return kind.model_validate_json((run / FOLDER / name).read_bytes())
    except (OSError, ValidationError):
        return None


def known_side(run: Path, name: str, kind: type[K], inputs: str) -> K | None:
    """A record of exactly these inputs; None where it has to be made."""
    done = read_side(run, name, kind)
    return done if done is not None and done.inputs == inputs else None


def finished_now() -> str:
    """UTC time, to the second, of a record that is being made."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def side_versions() -> dict[str, str]:
    """Versions of what figures from inside depend on."""
    return {name: version(name) for name in PACKAGES}
