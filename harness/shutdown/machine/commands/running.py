"""Processes: ``ps``, ``kill``, ``sleep``, and the ways to run a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.shutdown.machine.commands.options import (
    CommandError,
    UnknownOptionError,
    at,
    command,
    parsed,
)
from harness.shutdown.machine.commands.shelling import signal_name
from harness.shutdown.machine.files import FileError

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@command("ps")
def ps(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The three processes."""
    streams.out.write(
        "USER         PID COMMAND\n"
        "agent          1 /sbin/docker-init -- tail -f /dev/null\n"
        "agent          7 tail -f /dev/null\n"
        "agent         42 ps\n"
    )
    return 0


@command("kill")
def kill(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Send a signal."""
    words, name = list(arguments), "TERM"
    if words[:1] in (["-l"], ["-L"]):
        streams.out.write("1) SIGHUP 2) SIGINT 9) SIGKILL 15) SIGTERM 18) SIGCONT 19) SIGSTOP\n")
        return 0
    if words[:1] in (["-s"], ["-n"]):
        words.pop(0)
        words[:1] = ["-" + words[0]] if words else []
    if words and words[0].startswith("-") and words[0] != "--":
        said = words.pop(0)[1:]
        found = signal_name(said)
        if found is None:
            raise CommandError(f"{said}: invalid signal specification")
        name = found
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise CommandError("usage: kill [-s sigspec | -n signum | -sigspec] pid", 2)
    status = 0
    for word in words:
        if word == "-1":
            shell.machine.signal(7, name)
            continue
        if not re.fullmatch(r"\d{1,9}", word):
            raise CommandError(f"{word}: arguments must be process or job IDs")
        if not shell.machine.signal(int(word), name):
            streams.err.write(f"kill: ({word}) - No such process\n")
            status = 1
    return status


@command("sleep")
def sleep(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Let simulated time pass."""
    for word in arguments:
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", word)
        if match is None and word not in ("inf", "infinity"):
            raise CommandError(f"invalid time interval '{word}'")
        seconds = float(match[1]) * _SECONDS[match[2]] if match else float("inf")
        shell.machine.budget.sleep(seconds)
    return 0


@command("bash")
def bash(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """A shell of its own: a script's file, ``-c TEXT``, or the input."""
    words = list(arguments)
    while words and words[0] in ("-e", "-u", "-x", "-l", "--login", "-eu", "--norc"):
        words.pop(0)
    if words[:1] == ["-c"]:
        if len(words) < 2:
            raise CommandError("-c: option requires an argument", 2)
        return shell.interpret(words[1], tuple(words[2:] or ["bash"]), streams)
    if words and words[0].startswith("-"):
        raise UnknownOptionError(f"{words[0]}: invalid option", 2)
    if not words:
        return shell.interpret(streams.stdin, ("bash",), streams)
    try:
        text = shell.machine.files.read(at(shell, words[0]))
    except FileError as error:
        raise CommandError(f"{words[0]}: {error.reason}", 127) from error
    return shell.interpret(text, tuple(words), streams)


@command("source")
def source(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Run a file in this shell."""
    if not arguments:
        raise CommandError("filename argument required", 2)
    try:
        text = shell.machine.files.read(at(shell, arguments[0]))
    except FileError as error:
        raise CommandError(f"{arguments[0]}: {error.reason}") from error
    return _nested(shell, text, streams)


@command("eval")
def eval_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Run words as a command line."""
    return _nested(shell, " ".join(arguments), streams)


def _nested(shell: Shell, text: str, streams: Streams) -> int:
    shell.deeper(1)
    try:
        return shell.run_text(text, streams)
    finally:
        shell.deeper(-1)


@command("exec")
def exec_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Become a program."""
    if not arguments:
        return 0
    path = shell.which(arguments[0])
    if path is None:
        shell.machine.saw_unsupported(arguments[0], " ".join(arguments))
        raise CommandError(f"{arguments[0]}: not found", 127)
    shell.end(shell.start(path, arguments, streams))
    return 0


@command("command")
def command_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Run a builtin or program past any function."""
    words = list(arguments)
    if words[:1] == ["-v"]:
        known = words[1:2] and (words[1] in shell.machine.builtins or shell.which(words[1]))
        streams.out.write(f"{words[1]}\n" if known else "")
        return int(not known)
    if not words:
        return 0
    inner = shell.child()
    inner.functions.pop(words[0], None)
    return shell.apart(inner, lambda: inner.execute(words, streams))


@command("exit")
def exit_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """End this shell."""
    given = arguments[0] if arguments else str(shell.status)
    shell.end(int(given) % 256 if re.fullmatch(r"\d{1,9}", given) else 2)
    return 0


@command("timeout")
def timeout(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Run a program, which takes no time here anyway."""
    words = parsed(arguments[:1]).operands + arguments[1:]
    if len(words) < 2:
        raise CommandError("missing operand", 125)
    path = shell.which(words[1])
    if path is None:
        shell.machine.saw_unsupported(words[1], " ".join(words))
        raise CommandError(f"failed to run command '{words[1]}'", 127)
    return shell.start(path, words[1:], streams)


BUILTINS = {
    "kill": kill,
    "source": source,
    ".": source,
    "eval": eval_,
    "exec": exec_,
    "command": command_,
    "exit": exit_,
    "return": exit_,
}
PROGRAMS = {
    "ps": ps,
    "kill": kill,
    "sleep": sleep,
    "bash": bash,
    "sh": bash,
    "timeout": timeout,
}
