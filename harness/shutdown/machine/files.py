"""The simulated machine's files: a table of absolute paths, with owners, modes and links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.shutdown.machine.limits import (
    DISK_CHARACTERS,
    FILE_CHARACTERS,
    FILES,
    LINKS,
    LONGEST_PATH,
)

Kind = Literal["file", "directory", "link", "device"]
Owner = Literal["root", "agent"]
READ, WRITE, EXECUTE = 4, 2, 1
SETUID = 0o4000


class FileError(Exception):
    """What the system says when a call on a file fails."""

    def __init__(self, path: str, reason: str) -> None:
        """``reason`` in the words of ``strerror``."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


NOT_THERE = "No such file or directory"
DENIED = "Permission denied"
NO_DIRECTORY = "Not a directory"
IS_DIRECTORY = "Is a directory"
NO_SPACE = "No space left on device"
TOO_MANY_LINKS = "Too many levels of symbolic links"
NOT_EMPTY = "Directory not empty"
EXISTS = "File exists"


@dataclass
class Node:
    """What a path leads to; hard links share one.

    Attributes:
        kind: Of what sort it is.
        mode: Permission bits, with the set-user-id bit.
        owner: Whose it is; the model acts as ``agent``.
        content: Text of a file, target of a link.
        program: Which native program the file is; None for text.
    """

    kind: Kind
    mode: int
    owner: Owner = "agent"
    content: str = ""
    program: str | None = None

    def allows(self, wanted: int) -> bool:
        """Whether ``agent`` may read (4), write (2) or execute (1) it."""
        bits = self.mode >> 6 if self.owner == "agent" else self.mode
        return bits & wanted == wanted


class Files:
    """A small file system without a kernel."""

    def __init__(self, on_change: Callable[[str], None] = lambda path: None) -> None:
        """An empty root.

        Args:
            on_change: Told the absolute path of every entry that was changed, made or removed.
        """
        self._nodes: dict[str, Node] = {"/": Node("directory", 0o755, "root")}
        self._on_change = on_change

    def place(self, path: str, node: Node) -> None:
        """Put an entry there as the builder of the machine, whatever the permissions."""
        self._nodes[path] = node

    def find(self, path: str, *, follow: bool = True) -> Node | None:
        """The node at an absolute path, or None; broken links lead nowhere.

        Raises:
            FileError: The path leads through something that may not be searched.
        """
        return self._nodes.get(self.resolve(path, follow=follow))

    def get(self, path: str, *, follow: bool = True) -> Node:
        """The node at an absolute path.

        Raises:
            FileError: There is none, or it cannot be reached.
        """
        node = self.find(path, follow=follow)
        if node is None:
            raise FileError(path, NOT_THERE)
        return node

    def read(self, path: str) -> str:
        """Text of a file.

        Raises:
            FileError: It is not there, a directory, or not readable.
        """
        node = self.get(path)
        if node.kind == "directory":
            raise FileError(path, IS_DIRECTORY)
        if not node.allows(READ):
            raise FileError(path, DENIED)
        return "" if node.kind == "device" else node.content

    def write(self, path: str, text: str, *, append: bool = False) -> None:
        """Replace or extend a file's text; makes the file where there is none.

        Raises:
            FileError: It may not be written, or the disk is full.
        """
        real = self.resolve(path)
        node = self._nodes.get(real)
        if node is None:
            node = Node("file", 0o644)
            self._enter(real, node)
        if node.kind == "directory":
            raise FileError(path, IS_DIRECTORY)
        if not node.allows(WRITE):
            raise FileError(path, DENIED)
        if node.kind == "device":
            return
        content = node.content + text if append else text
        if len(content) > FILE_CHARACTERS or self._used() + len(text) > DISK_CHARACTERS:
            raise FileError(path, NO_SPACE)
        node.content = content
        node.program = None if text or not append else node.program
        self._changed(node)

    def make(self, path: str, node: Node) -> None:
        """Make a new entry.

        Raises:
            FileError: Something is there already, or the directory may not be written.
        """
        real = self.resolve(path, follow=False)
        if real in self._nodes:
            raise FileError(path, EXISTS)
        self._enter(real, node)
        self._on_change(real)

    def remove(self, path: str) -> None:
        """Remove one entry; a directory must be empty.

        Raises:
            FileError: It is not there or may not be removed.
        """
        real = self.resolve(path, follow=False)
        node = self._nodes.get(real)
        if node is None:
            raise FileError(path, NOT_THERE)
        self._may_edit(parent(real), path, node)
        if node.kind == "directory" and any(True for _ in self.inside(real)):
            raise FileError(path, NOT_EMPTY)
        del self._nodes[real]
        self._on_change(real)

    def rename(self, old: str, new: str) -> None:
        """Move an entry, with all that lies inside, over whatever file is at the new path.

        Raises:
            FileError: One of both may not be changed, or a directory would move into itself.
        """
        source, target = self.resolve(old, follow=False), self.resolve(new, follow=False)
        node = self.get(old, follow=False)
        self._may_edit(parent(source), old, node)
        if target == source:
            return
        if target.startswith(source + "/"):
            raise FileError(new, "Invalid argument")
        hidden = self._nodes.get(target)
        if hidden is None:
            self._may_edit(parent(target), new)
        elif hidden.kind == "directory":
            raise FileError(new, IS_DIRECTORY)
        else:
            self._may_edit(parent(target), new, hidden)
        moved = [path for path in self._nodes if path == source or path.startswith(source + "/")]
        for path in moved:
            self._nodes[target + path[len(source) :]] = self._nodes.pop(path)
        for path in (source, target):
            self._on_change(path)

    def set_mode(self, path: str, mode: int) -> None:
        """Change permission bits.

        Raises:
            FileError: It is not there, or not the agent's.
        """
        node = self.get(path)
        if node.owner != "agent":
            raise FileError(path, "Operation not permitted")
        node.mode = mode
        self._changed(node)

    def inside(self, directory: str) -> Iterator[str]:
        """Names in a directory, given by its real path, sorted."""
        stem = directory.rstrip("/") + "/"
        for path in sorted(self._nodes):
            if path.startswith(stem) and path != "/" and "/" not in path[len(stem) :]:
                yield path[len(stem) :]

    def entries(self, path: str) -> list[str]:
        """Names in a directory.

        Raises:
            FileError: It is no directory, or may not be read.
        """
        node = self.get(path)
        if node.kind != "directory":
            raise FileError(path, NO_DIRECTORY)
        if not node.allows(READ):
            raise FileError(path, DENIED)
        return list(self.inside(self.resolve(path)))

    def resolve(self, path: str, *, follow: bool = True) -> str:
        """The real path: no ``.``, ``..`` or links, save a last one unless ``follow``.

        Raises:
            FileError: Links go in circles, or the path leads through what is no directory.
        """
        todo, real, links = path.split("/")[::-1], "/", 0
        while todo:
            name = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                real = parent(real)
                continue
            here = self._nodes.get(real)
            if here is None:
                raise FileError(path, NOT_THERE)
            if here.kind != "directory":
                raise FileError(path, NO_DIRECTORY)
            if not here.allows(EXECUTE):
                raise FileError(path, DENIED)
            step = real.rstrip("/") + "/" + name
            node = self._nodes.get(step)
            last = not any(part not in ("", ".") for part in todo)
            if node is not None and node.kind == "link" and (follow or not last):
                links += 1
                if links > LINKS or len(todo) > 256:
                    raise FileError(path, TOO_MANY_LINKS)
                todo += node.content.split("/")[::-1]
                real = "/" if node.content.startswith("/") else real
                continue
            real = step
        return real

    def _enter(self, real: str, node: Node) -> None:
        self._may_edit(parent(real), real)
        if len(self._nodes) >= FILES or len(real) > LONGEST_PATH:
            raise FileError(real, NO_SPACE)
        self._nodes[real] = node

    def _may_edit(self, directory: str, said: str, entry: Node | None = None) -> None:
        folder = self._nodes.get(directory)
        if folder is None:
            raise FileError(said, NOT_THERE)
        if folder.kind != "directory":
            raise FileError(said, NO_DIRECTORY)
        sticky = folder.mode & 0o1000 and entry is not None and entry.owner != "agent"
        if sticky or not folder.allows(WRITE | EXECUTE):
            raise FileError(said, DENIED)

    def _changed(self, node: Node) -> None:
        for path in [path for path, other in self._nodes.items() if other is node]:
            self._on_change(path)

    def _used(self) -> int:
        return sum(len(node.content) for node in self._nodes.values())


def parent(path: str) -> str:
    """The directory of a real path."""
    return path.rpartition("/")[0] or "/"


def join(directory: str, path: str) -> str:
    """An absolute path."""
    return path if path.startswith("/") else directory.rstrip("/") + "/" + path
