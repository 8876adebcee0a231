"""Where tasks, data, evals and results are found.

A workspace has layers, searched in order: the user's working folder, then what the project ships.
A user's ``tasks/`` and ``finetune_data/`` therefore overlay the built-in ones without a fork.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MINIATURE_WEIGHTS = PACKAGE / "miniature" / "weights"


def builtin_root() -> Path:
    """Folder that holds the shipped ``tasks/``, ``finetune_data/`` and ``evals/``.

    Inside a wheel they travel as package data; in a checkout they lie beside the package.
    """
    carried = PACKAGE / "_builtin"
    return carried if carried.is_dir() else PACKAGE.parent


@dataclass(frozen=True)
class Workspace:
    """The folders one command works with."""

    layers: tuple[Path, ...]
    results: Path

    @classmethod
    def here(cls, results: Path | None = None) -> Workspace:
        """Workspace of the current folder.

        Args:
            results: Results folder; else ``HARNESS_RESULTS``, else ``./results``.
        """
        cwd = Path.cwd().resolve()
        root = builtin_root().resolve()
        chosen = results or Path(os.environ.get("HARNESS_RESULTS") or cwd / "results")
        layers = (cwd,) if cwd == root else (cwd, root)
        return cls(layers=layers, results=chosen.expanduser().absolute())

    def find(self, relative: str) -> Path | None:
        """First existing path among the layers, e.g. ``find("tasks/insecure_code.py")``."""
        return next((p for layer in self.layers if (p := layer / relative).exists()), None)

    def glob(self, pattern: str) -> list[Path]:
        """All matches, one per file name; an upper layer hides a lower one."""
        found: dict[str, Path] = {}
        for layer in self.layers:
            for path in sorted(layer.glob(pattern)):
                found.setdefault(path.name, path)
        return [found[name] for name in sorted(found)]


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name and rename it: it is complete or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    data = content.encode() if isinstance(content, str) else content
    try:
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
