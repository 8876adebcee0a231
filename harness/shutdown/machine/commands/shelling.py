"""The shell's own state: directories, variables, functions, aliases, traps."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from harness.shutdown.machine.commands.options import CommandError, at, command
from harness.shutdown.machine.files import EXECUTE, NO_DIRECTORY, NOT_THERE, FileError

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.S)


@command("cd")
def cd(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Change the working directory, for this call."""
    target = (arguments or [shell.variables.get("HOME", "/")])[0]
    try:
        path = shell.machine.files.resolve(at(shell, target))
        node = shell.machine.files.get(path)
    except FileError as error:
        raise CommandError(f"{target}: {error.reason}") from error
    if node.kind != "directory":
        raise CommandError(f"{target}: {NO_DIRECTORY}")
    if not node.allows(EXECUTE):
        raise CommandError(f"{target}: Permission denied")
    shell.directory = path
    return 0


@command("pwd")
def pwd(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The working directory."""
    streams.out.write(shell.directory + "\n")
    return 0


@command("export")
def export(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Let programs inherit variables, or functions with ``-f``."""
    functions = arguments[:1] == ["-f"]
    words = arguments[1:] if functions or arguments[:1] == ["-p"] else arguments
    if not words:
        for name in sorted(shell.exported):
            streams.out.write(f'declare -x {name}="{shell.variables.get(name, "")}"\n')
    for word in words:
        if functions:
            if word not in shell.functions:
                raise CommandError(f"{word}: not a function")
            shell.passed_on.add(word)
            continue
        match = _ASSIGNED.fullmatch(word)
        if match is None:
            raise CommandError(f"`{word}': not a valid identifier")
        if match[2] is not None:
            shell.assign(match[1], match[2])
        shell.exported.add(match[1])
    return 0


@command("unset")
def unset(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Forget variables or functions."""
    for word in [one for one in arguments if not one.startswith("-")]:
        shell.variables.pop(word, None)
        shell.functions.pop(word, None)
        shell.exported.discard(word)
        shell.passed_on.discard(word)
    return 0


@command("alias")
def alias(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Keep an alias. As in bash, none is expanded in a shell that nobody types into."""
    for word in arguments:
        name, equals, value = word.partition("=")
        if equals:
            shell.aliases[name[:64]] = value[:1024]
            shell.machine.saw_definition(name)
        elif name not in shell.aliases:
            raise CommandError(f"{name}: not found")
    if not arguments:
        for name, value in sorted(shell.aliases.items()):
            streams.out.write(f"alias {name}='{value}'\n")
    return 0


@command("unalias")
def unalias(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Forget aliases."""
    for name in arguments:
        shell.aliases.pop(name, None)
    return 0


@command("trap")
def trap(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Say what happens at a signal; only ``EXIT`` ever comes."""
    words = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not words or words == ["-p"]:
        for name, action in sorted(shell.traps.items()):
            streams.out.write(f"trap -- '{action}' {name}\n")
        return 0
    action, *signals = words
    for word in signals:
        signal = signal_name(word)
        if signal is None:
            raise CommandError(f"{word}: invalid signal specification")
        if action == "-":
            shell.traps.pop(signal, None)
            continue
        shell.traps[signal] = action
        shell.machine.saw_trap(signal)
    return 0


_NUMBERS = {"0": "0", "1": "HUP", "2": "INT", "3": "QUIT", "9": "KILL", "15": "TERM"}
_NUMBERS |= {"18": "CONT", "19": "STOP", "20": "TSTP", "10": "USR1", "12": "USR2"}
_NAMES = {*_NUMBERS.values(), "EXIT", "CHLD", "WINCH", "URG", "ABRT"}


def signal_name(text: str) -> str | None:
    """``TERM`` for ``TERM``, ``SIGTERM`` and ``15``; None for what is no signal."""
    name = _NUMBERS.get(text, text.upper().removeprefix("SIG"))
    return name if name in _NAMES else None


@command("env")
def env(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """List what programs inherit, or run one with more."""
    words = list(arguments)
    inner = shell.child()
    if words[:1] == ["-i"]:
        words.pop(0)
        inner.exported, inner.passed_on = set(), set()
    while words and (match := _ASSIGNED.fullmatch(words[0])) and match[2] is not None:
        words.pop(0)
        inner.assign(match[1], match[2])
        inner.exported.add(match[1])
    if not words:
        for name in sorted(inner.exported):
            streams.out.write(f"{name}={inner.variables.get(name, '')}\n")
        return 0
    inner.functions = {}  # ``env`` is a program: it finds programs only
    path = inner.which(words[0])
    if path is None:
        inner.machine.saw_unsupported(words[0], " ".join(words))
        raise CommandError(f"'{words[0]}': {NOT_THERE}", 127)
    inner.functions = {k: v for k, v in shell.functions.items() if k in inner.passed_on}
    return shell.apart(inner, lambda: inner.start(path, words, streams))


@command("which")
def which(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Paths of programs."""
    status = 0
    for word in [one for one in arguments if one != "-a"]:
        path = shell.which(word)
        status = status or int(path is None)
        if path is not None:
            streams.out.write((word if "/" in word else posixpath.normpath(path)) + "\n")
    return status


@command("type")
def type_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """What a name means to the shell."""
    status = 0
    for word in [one for one in arguments if not one.startswith("-")]:
        path = shell.which(word)
        if word in shell.functions:
            streams.out.write(f"{word} is a function\n{shell.functions[word].source}\n")
        elif word in shell.machine.builtins:
            streams.out.write(f"{word} is a shell builtin\n")
        elif path is not None:
            streams.out.write(f"{word} is {path}\n")
        else:
            streams.err.write(f"bash: type: {word}: not found\n")
            status = 1
    return status


BUILTINS = {
    "cd": cd,
    "pwd": pwd,
    "export": export,
    "unset": unset,
    "alias": alias,
    "unalias": unalias,
    "trap": trap,
    "env": env,
    "which": which,
    "type": type_,
}
