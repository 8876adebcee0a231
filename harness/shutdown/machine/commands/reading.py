"""Commands that look: ``ls``, ``cat``, ``head``, ``tail``, ``file``, ``strings``, ``wc`` …"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.shutdown.machine.commands.options import (
    CommandError,
    UnknownOptionError,
    at,
    command,
    parsed,
    text_of,
)
from harness.shutdown.machine.files import READ, FileError, Node
from harness.shutdown.machine.patterns import wildcard

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

NATIVE_SIZE = 16_384


@command("ls")
def ls(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """List files, with their modes if asked."""
    given = parsed(arguments, flags="laA1hFdRtrSpgio", long="all almost-all color=auto color=never")
    flags, status, files = given.flags, 0, shell.machine.files
    lines: list[str] = []
    folders: list[str] = []
    for operand in given.operands or ["."]:
        try:
            node = files.get(at(shell, operand), follow="l" not in flags)
        except FileError as error:
            streams.err.write(f"ls: cannot access '{operand}': {error.reason}\n")
            status = 2
            continue
        if node.kind == "directory" and "d" not in flags:
            folders.append(operand)
        else:
            lines.append(_entry(operand, node, flags))
    several = len(folders) + len(lines) > 1
    for folder in folders:
        names = files.entries(at(shell, folder))
        if several:
            lines.append(f"{folder}:")
        if "l" in flags:
            lines.append(f"total {4 * len(names)}")
        shown = [name for name in names if not name.startswith(".")]
        if {"a", "all"} & set(flags):
            shown = [".", "..", *names]
        elif {"A", "almost-all"} & set(flags):
            shown = names
        for name in sorted(shown, reverse="r" in flags):
            inner = files.get(at(shell, f"{folder}/{name}"), follow=False)
            lines.append(_entry(name, inner, flags))
    streams.out.write("".join(line + "\n" for line in lines))
    return status


def _entry(name: str, node: Node, flags: list[str]) -> str:
    if "l" not in flags:
        return name
    size = NATIVE_SIZE if node.program else len(node.content.encode("utf-8", "replace"))
    arrow = f" -> {node.content}" if node.kind == "link" else ""
    owner = f"{node.owner} {node.owner}"
    return f"{mode_text(node)} 1 {owner} {size:>6} Jan  1 09:00 {name}{arrow}"


def mode_text(node: Node) -> str:
    """``-rwxr-xr-x`` and its like."""
    kind = {"file": "-", "directory": "d", "link": "l", "device": "c"}[node.kind]
    bits = ""
    for shift in (6, 3, 0):
        three = node.mode >> shift & 7
        bits += ("r" if three & 4 else "-") + ("w" if three & 2 else "-")
        bits += "x" if three & 1 else "-"
    if node.mode & 0o4000:
        bits = bits[:2] + ("s" if node.mode & 0o100 else "S") + bits[3:]
    if node.mode & 0o1000:
        bits = bits[:8] + ("t" if node.mode & 1 else "T")
    return kind + bits


@command("cat")
def cat(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Write files one after another."""
    given = parsed(arguments, flags="nAetvs")
    status, number = 0, 0
    for operand in given.operands or ["-"]:
        try:
            text = text_of(shell, operand, streams)
        except FileError as error:
            streams.err.write(f"cat: {error}\n")
            status = 1
            continue
        if "n" in given.flags:
            for line in text.splitlines(keepends=True):
                number += 1
                streams.out.write(f"{number:>6}\t{line}")
        elif "A" in given.flags or "e" in given.flags:
            streams.out.write(text.replace("\n", "$\n"))
        else:
            streams.out.write(text)
    return status


def _lines(count: str) -> tuple[str, int]:
    sign = count[:1] if count[:1] in "+-" else ""
    digits = count[len(sign) :]
    if not digits.isdigit() or len(digits) > 9:
        raise CommandError(f"invalid number of lines: '{count}'")
    return sign, int(digits)


def _ends(shell: Shell, name: str, arguments: list[str], streams: Streams) -> int:
    # ``head -5`` is an old way to say ``head -n 5``.
    arguments = [
        f"-n{one[1:]}" if one[:1] == "-" and one[1:].isdigit() else one for one in arguments
    ]
    given = parsed(arguments, flags="qvf", valued="nc")
    sign, count = _lines(given.values.get("n", "10"))
    several = len(given.operands) > 1
    for operand in given.operands or ["-"]:
        text = text_of(shell, operand, streams)
        if several and "q" not in given.flags:
            streams.out.write(f"==> {operand} <==\n")
        if "c" in given.values:
            size = _lines(given.values["c"])[1]
            streams.out.write(text[:size] if name == "head" else text[len(text) - size :])
            continue
        lines = text.splitlines(keepends=True)
        if name == "head":
            kept = lines[:-count] if sign == "-" and count else lines[:count]
        else:
            kept = lines[max(count - 1, 0) :] if sign == "+" else lines[len(lines) - count :]
            kept = kept if count or sign else []
        streams.out.write("".join(kept))
    return 0


@command("head")
def head(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The first lines."""
    return _ends(shell, "head", arguments, streams)


@command("tail")
def tail(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The last lines; following a file never ends."""
    if any(one in ("-f", "-F", "--follow") for one in arguments):
        shell.machine.budget.sleep(float("inf"))
    return _ends(shell, "tail", arguments, streams)


@command("wc")
def wc(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Count lines, words and bytes."""
    given = parsed(arguments, flags="lwcm")
    wanted = [flag for flag in "lwcm" if flag in given.flags] or ["l", "w", "c"]
    for operand in given.operands or ["-"]:
        text = text_of(shell, operand, streams)
        counts = {
            "l": text.count("\n"),
            "w": len(text.split()),
            "c": len(text.encode("utf-8", "replace")),
            "m": len(text),
        }
        numbers = " ".join(str(counts[flag]) for flag in wanted)
        streams.out.write(numbers + (f" {operand}" if operand != "-" else "") + "\n")
    return 0


@command("file")
def file(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Say of what sort files are."""
    for operand in parsed(arguments, flags="bL").operands:
        node = shell.machine.files.find(at(shell, operand), follow=False)
        streams.out.write(f"{operand}: {_sort(node)}\n")
    return 0


def _sort(node: Node | None) -> str:
    if node is None:
        return "cannot open (No such file or directory)"
    if node.kind != "file":
        return {"link": f"symbolic link to {node.content}"}.get(node.kind, node.kind)
    if not node.allows(READ):
        return "executable, regular file, no read permission"
    if node.program is not None:
        return "ELF 64-bit LSB executable, x86-64, stripped"
    if node.content.startswith(("#!/bin/bash", "#!/usr/bin/env bash")):
        return "Bourne-Again shell script, ASCII text executable"
    return "ASCII text" if node.content else "empty"


@command("strings")
def strings(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Printable text inside files."""
    given = parsed(arguments, flags="a", valued="n")
    least = _lines(given.values.get("n", "4"))[1]
    for operand in given.operands or ["-"]:
        for line in text_of(shell, operand, streams).splitlines():
            if len(line) >= least and line.isprintable():
                streams.out.write(line + "\n")
    return 0


@command("stat")
def stat(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Size, mode and owner."""
    for operand in parsed(arguments).operands:
        node = shell.machine.files.get(at(shell, operand), follow=False)
        octal = f"{node.mode:04o}/{mode_text(node)}"
        streams.out.write(f"  File: {operand}\n  Size: {len(node.content)}\n")
        streams.out.write(f"Access: ({octal})  Owner: {node.owner}\n")
    return 0


@command("readlink")
def readlink(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Where a link leads."""
    given = parsed(arguments, flags="fe")
    for operand in given.operands:
        if given.flags:
            streams.out.write(shell.machine.files.resolve(at(shell, operand)) + "\n")
            continue
        node = shell.machine.files.get(at(shell, operand), follow=False)
        if node.kind != "link":
            return 1
        streams.out.write(node.content + "\n")
    return 0


@command("nl")
def nl(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Number the lines that are not empty."""
    number = 0
    for operand in parsed(arguments).operands or ["-"]:
        for line in text_of(shell, operand, streams).splitlines():
            number += bool(line)
            streams.out.write(f"{number:>6}\t{line}\n" if line else "       \n")
    return 0


@command("find")
def find(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Paths below folders, by name, sort and depth."""
    words, roots, tests = list(arguments), [], {}
    while words and not words[0].startswith("-"):
        roots.append(words.pop(0))
    while words:
        name = words.pop(0)
        if name not in ("-name", "-type", "-maxdepth") or not words:
            raise UnknownOptionError(f"unknown predicate `{name}'")
        tests[name] = words.pop(0)
    deepest = int(tests["-maxdepth"]) if tests.get("-maxdepth", "").isdigit() else 64
    todo = [(root, 0) for root in reversed(roots or ["."])]
    files = shell.machine.files
    while todo:
        path, depth = todo.pop()
        shell.machine.budget.spend()
        node = files.get(at(shell, path), follow=False)
        letter = {"file": "f", "directory": "d", "link": "l"}.get(node.kind, "c")
        last = path.rstrip("/").rpartition("/")[2]
        if tests.get("-type", letter) == letter and wildcard(tests.get("-name", "*"), last):
            streams.out.write(path + "\n")
        if node.kind == "directory" and depth < deepest and node.allows(READ):
            inner = [f"{path.rstrip('/')}/{one}" for one in files.entries(at(shell, path))]
            todo += [(one, depth + 1) for one in reversed(inner)]
    return 0


PROGRAMS = {
    "nl": nl,
    "find": find,
    "ls": ls,
    "cat": cat,
    "head": head,
    "tail": tail,
    "wc": wc,
    "file": file,
    "strings": strings,
    "stat": stat,
    "readlink": readlink,
}
