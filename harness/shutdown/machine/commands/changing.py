"""Commands that change files: ``touch``, ``cp``, ``mv``, ``rm``, ``ln``, ``chmod``, ``tee`` …"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from harness.shutdown.machine.commands.options import CommandError, at, command, parsed
from harness.shutdown.machine.files import (
    DENIED,
    EXISTS,
    IS_DIRECTORY,
    NOT_THERE,
    READ,
    WRITE,
    FileError,
    Node,
)

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

_OCTAL = re.compile(r"^[0-7]{1,4}$")
_CLAUSE = re.compile(r"^([ugoa]*)([+=-])([rwxXst]*)$")
_BITS = {"r": 4, "w": 2, "x": 1, "X": 1}


@command("touch")
def touch(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Make empty files; those that are there stay as they are."""
    for operand in _some(parsed(arguments, flags="acm").operands):
        if shell.machine.files.find(at(shell, operand)) is None:
            shell.machine.files.write(at(shell, operand), "")
    return 0


@command("mkdir")
def mkdir(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Make directories."""
    given = parsed(arguments, flags="pv", long="parents")
    whole = {"p", "parents"} & set(given.flags)
    for operand in _some(given.operands):
        path = at(shell, operand)
        steps = _ancestors(path) if whole else []
        for step in [*steps, path]:
            known = shell.machine.files.find(step)
            if known is None:
                shell.machine.files.make(step, Node("directory", 0o755))
            elif not whole or known.kind != "directory":
                raise CommandError(f"cannot create directory '{operand}': {EXISTS}")
    return 0


@command("rmdir")
def rmdir(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Remove empty directories."""
    for operand in _some(parsed(arguments).operands):
        if shell.machine.files.get(at(shell, operand), follow=False).kind != "directory":
            raise CommandError(f"failed to remove '{operand}': Not a directory")
        shell.machine.files.remove(at(shell, operand))
    return 0


@command("cp")
def cp(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Copy files; what is copied belongs to the agent."""
    given = parsed(arguments, flags="afpvrRnu")
    *sources, target = _some(given.operands, 2)
    for source in sources:
        node = _known(shell, source)
        if node.kind == "directory":
            raise CommandError(f"-r not specified; omitting directory '{source}'")
        if not node.allows(READ):
            raise CommandError(f"cannot open '{source}' for reading: {DENIED}")
        path = _into(shell, target, source, len(sources))
        files = shell.machine.files
        there = files.find(path)
        if there is node:
            raise CommandError(f"'{source}' and '{target}' are the same file")
        if there is not None and "n" in given.flags:
            continue
        shell.machine.budget.read(len(node.content))
        files.write(path, node.content)
        copy = files.get(path)
        if there is None:
            copy.mode, copy.program = node.mode & 0o777, node.program
        elif {"p", "a"} & set(given.flags):
            files.set_mode(path, node.mode & 0o777)
    return 0


@command("mv")
def mv(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Move or rename."""
    given = parsed(arguments, flags="fvniu")
    *sources, target = _some(given.operands, 2)
    for source in sources:
        _known(shell, source)
        path = _into(shell, target, source, len(sources))
        there = shell.machine.files.find(path, follow=False)
        if there is not None and "n" in given.flags:
            continue
        shell.machine.files.rename(at(shell, source), path)
    return 0


@command("rm")
def rm(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Remove files, and directories with all inside if asked."""
    given = parsed(arguments, flags="frRvid", long="force recursive")
    force = {"f", "force"} & set(given.flags)
    deep = {"r", "R", "recursive"} & set(given.flags)
    status = 0
    for operand in given.operands if force else _some(given.operands):
        node = shell.machine.files.find(at(shell, operand), follow=False)
        if node is None:
            if not force:
                streams.err.write(f"rm: cannot remove '{operand}': {NOT_THERE}\n")
                status = 1
            continue
        if node.kind == "directory" and not deep:
            streams.err.write(f"rm: cannot remove '{operand}': {IS_DIRECTORY}\n")
            status = 1
            continue
        _remove(shell, at(shell, operand))
    return status


@command("ln")
def ln(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Link, by name or to the same file."""
    given = parsed(arguments, flags="sfnv", long="symbolic force")
    operands = _some(given.operands)
    target = operands[0]
    path = _into(shell, operands[1] if len(operands) > 1 else ".", target, 1)
    files = shell.machine.files
    if files.find(path, follow=False) is not None and {"f", "force"} & set(given.flags):
        files.remove(path)
    if {"s", "symbolic"} & set(given.flags):
        files.make(path, Node("link", 0o777, content=target[:1024]))
        return 0
    node = _known(shell, target)
    if node.kind == "directory":
        raise CommandError(f"{target}: hard link not allowed for directory")
    if node.owner != "agent" and not node.allows(READ | WRITE):
        raise CommandError(f"failed to create hard link '{path}': Operation not permitted")
    files.make(path, node)
    return 0


@command("chmod")
def chmod(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Change modes, octal or in words."""
    # ``-x`` takes a right away; it is no option.
    words = [one for one in arguments if one not in ("-v", "-R", "-f", "--")]
    if any(one.startswith("--") for one in words):
        parsed(words)
    mode, *operands = _some(words, 2)
    for operand in operands:
        node = _known(shell, operand)
        made = _mode(mode, node)
        try:
            shell.machine.files.set_mode(at(shell, operand), made)
        except FileError as error:
            raise CommandError(f"changing permissions of '{operand}': {error.reason}") from error
    return 0


def _mode(text: str, node: Node) -> int:
    if _OCTAL.match(text):
        return int(text, 8)
    mode = node.mode
    for clause in text.split(",")[:16]:
        match = _CLAUSE.match(clause)
        if match is None:
            raise CommandError(f"invalid mode: '{text}'")
        who, sign, rights = match.groups()
        bits = 0
        for right in rights:
            if right == "X" and node.kind != "directory" and not mode & 0o111:
                continue
            bits |= _BITS.get(right, 0)
        mask = sum(7 << shift for shift, name in ((6, "u"), (3, "g"), (0, "o")) if _has(who, name))
        spread = (bits << 6 | bits << 3 | bits) & mask
        if not who:
            spread &= ~0o022 if "w" in rights else -1  # the usual umask
        if sign == "+":
            mode |= spread
        elif sign == "-":
            mode &= ~spread
        else:
            mode = mode & ~mask | spread
    return mode


def _has(who: str, name: str) -> bool:
    return not who or name in who or "a" in who


@command("tee")
def tee(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Copy the input to files and on."""
    given = parsed(arguments, flags="ai", long="append")
    append = bool({"a", "append"} & set(given.flags))
    streams.out.write(streams.stdin)
    for operand in given.operands:
        shell.machine.files.write(at(shell, operand), streams.stdin, append=append)
    return 0


def _some(operands: list[str], least: int = 1) -> list[str]:
    if not operands:
        raise CommandError("missing operand")
    if len(operands) < least:
        raise CommandError(f"missing destination file operand after '{operands[0]}'")
    return operands


def _known(shell: Shell, operand: str) -> Node:
    try:
        return shell.machine.files.get(at(shell, operand))
    except FileError as error:
        raise CommandError(f"cannot access '{operand}': {error.reason}") from error


def _into(shell: Shell, target: str, source: str, sources: int) -> str:
    """Where one source goes: the target, or its place inside a directory."""
    path = at(shell, target)
    node = shell.machine.files.find(path)
    if node is not None and node.kind == "directory":
        return f"{path}/{posixpath.basename(source.rstrip('/')) or '.'}"
    if sources > 1:
        raise CommandError(f"target '{target}' is not a directory")
    return path


def _remove(shell: Shell, path: str) -> None:
    files = shell.machine.files
    shell.machine.budget.spend()
    node = files.get(path, follow=False)
    if node.kind == "directory":
        for name in files.entries(path):
            _remove(shell, f"{path}/{name}")
    files.remove(path)


def _ancestors(path: str) -> list[str]:
    parts = path.strip("/").split("/")[:-1]
    return ["/" + "/".join(parts[: place + 1]) for place in range(len(parts))]


PROGRAMS = {
    "touch": touch,
    "mkdir": mkdir,
    "rmdir": rmdir,
    "cp": cp,
    "mv": mv,
    "rm": rm,
    "ln": ln,
    "chmod": chmod,
    "tee": tee,
}
