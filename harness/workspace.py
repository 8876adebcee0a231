"""Where tasks, data, evals and results are found.

A workspace has layers, searched in order: the user's working folder, what the project ships, and
packages that ship tasks. A user's ``tasks/`` and ``finetune_data/`` therefore overlay the built-in
ones without a fork; a package can add tasks but not replace one.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MINIATURE_WEIGHTS = PACKAGE / "miniature" / "weights"
TASK_PLUGINS = "em_harness.tasks"
"""Entry point group; its values are packages whose folder holds ``tasks/``, ``finetune_data/`` …"""


def builtin_root() -> Path:
    """Folder that holds the shipped ``tasks/``, ``finetune_data/`` and ``evals/``.

    Inside a wheel they travel as package data; in a checkout they lie beside the package.
    """
    carried = PACKAGE / "_builtin"
    return carried if carried.is_dir() else PACKAGE.parent


def plugin_roots() -> tuple[Path, ...]:
    """Folders of installed packages that ship tasks, by entry point name; none is imported.

    A package that is registered but cannot be found is left out: it must not stop a run.
    """
    found = []
    for entry in sorted(importlib.metadata.entry_points(group=TASK_PLUGINS)):
        with suppress(ImportError, ValueError, AttributeError):
            spec = importlib.util.find_spec(entry.module)
            for folder in (spec.submodule_search_locations if spec else None) or ():
                found.append(Path(folder).resolve())
    return tuple(dict.fromkeys(found))


def is_installed(path: Path) -> bool:
    """Whether a file came with an installed package; some installers link every file they place."""
    carried = PACKAGE / "_builtin"
    return any(path.is_relative_to(root) for root in (carried, *plugin_roots()))


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
        layers = tuple(dict.fromkeys((cwd, root, *plugin_roots())))
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
