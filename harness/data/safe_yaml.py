"""Reading YAML that somebody else wrote: no objects, no alias bombs, no endless files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.errors import DataError

MAX_BYTES = 2 * 2**20
"""Largest file; the published question files have less than a tenth of it."""
MAX_NODES = 200_000
"""Most values after every alias is written out; a few lines of aliases can stand for billions."""
MAX_TEXT = 64 * 2**20
"""Most characters after every alias is written out."""
MAX_DEPTH = 40


def load_yaml(path: Path) -> Any:
    """Read one YAML document with the safe loader.

    Raises:
        DataError: The file is missing, too large, no YAML, or not finite once its aliases are
            followed. The message starts with ``path:line`` where there is a line.
    """
    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if len(raw) > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES // 2**20} MiB.", hint="Split the file.")
    try:
        return _construct(raw.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start + 1} is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise DataError(f"{path}{line}: not YAML: {getattr(error, 'problem', error)}") from error
    except (ValueError, RecursionError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: not YAML that can be read: {error}") from error


def _construct(text: str, path: Path) -> Any:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        # Before any value is made: merge keys and aliases could multiply already while making it.
        _check_size(node, path)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_size(root: yaml.Node, path: Path) -> None:
    """Count what the document would be without aliases, in time linear in the file."""
    known: dict[int, tuple[int, int]] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node, depth: int) -> tuple[int, int]:
        if isinstance(node, yaml.ScalarNode):
            return 1, len(node.value)
        if depth > MAX_DEPTH or id(node) in open_nodes:
            raise DataError(f"{path}: nested more than {MAX_DEPTH} deep, or in itself.")
        if id(node) not in known:
            open_nodes.add(id(node))
            mapping = isinstance(node, yaml.MappingNode)
            parts = [part for pair in node.value for part in pair] if mapping else node.value
            sizes = [size(part, depth + 1) for part in parts]
            open_nodes.discard(id(node))
            known[id(node)] = 1 + sum(n for n, _ in sizes), sum(t for _, t in sizes)
        return known[id(node)]

    nodes, text = size(root, 0)
    if nodes > MAX_NODES or text > MAX_TEXT:
        raise DataError(
            f"{path}: its aliases stand for {nodes:,} values and {text:,} characters.",
            hint=f"At most {MAX_NODES:,} values and {MAX_TEXT:,} characters are read.",
        )
