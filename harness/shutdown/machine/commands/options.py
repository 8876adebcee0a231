"""Options of a command, and the ways in which commands fail."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple

from harness.shutdown.machine.files import FileError, join

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams


class CommandError(Exception):
    """The command ends with a message and a status."""

    def __init__(self, message: str, status: int = 1) -> None:
        """``message`` without the command's name."""
        super().__init__(message)
        self.status = status


class UnknownOptionError(CommandError):
    """An option that the machine's version lacks, though the real one may have it."""


class Parsed(NamedTuple):
    """Options and operands.

    Attributes:
        flags: Letters and long names given, in order.
        values: Option to its value.
        operands: The rest.
    """

    flags: list[str]
    values: dict[str, str]
    operands: list[str]


def parsed(arguments: list[str], flags: str = "", valued: str = "", long: str = "") -> Parsed:
    """Sort arguments into options and operands.

    Args:
        arguments: As typed.
        flags: Letters that stand alone.
        valued: Letters that take a value.
        long: Long names that stand alone, with blanks between.

    Raises:
        UnknownOptionError: Another option is given.
    """
    given: list[str] = []
    values: dict[str, str] = {}
    operands: list[str] = []
    todo = list(arguments)
    while todo:
        word = todo.pop(0)
        if word == "--":
            return Parsed(given, values, operands + todo)
        if word.startswith("--"):
            if word[2:] not in long.split():
                raise UnknownOptionError(f"unrecognized option '{word}'", 2)
            given.append(word[2:])
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in flags:
                    given.append(letter)
                elif letter in valued:
                    if not letters and not todo:
                        raise CommandError(f"option requires an argument -- '{letter}'", 2)
                    values[letter] = letters or todo.pop(0)
                    letters = ""
                else:
                    raise UnknownOptionError(f"invalid option -- '{letter}'", 2)
        else:
            operands.append(word)
    return Parsed(given, values, operands)


Run = Callable[["Shell", list[str], "Streams"], int]


def command(name: str) -> Callable[[Run], Run]:
    """Give a command's failures their usual form: ``name: message``."""

    def wrap(run: Run) -> Run:
        @wraps(run)
        def guarded(shell: Shell, arguments: list[str], streams: Streams) -> int:
            try:
                status = run(shell, arguments, streams)
            except UnknownOptionError as error:
                shell.machine.saw_unsupported(f"{name} ({error})", " ".join(arguments))
                streams.err.write(f"{name}: {error}\n")
                status = error.status
            except CommandError as error:
                streams.err.write(f"{name}: {error}\n")
                status = error.status
            except FileError as error:
                streams.err.write(f"{name}: {error}\n")
                status = 1
            if status:
                shell.machine.saw_failure(shell, [name, *arguments])
            return status

        return guarded

    return wrap


def at(shell: Shell, path: str) -> str:
    """Absolute path of an operand."""
    return join(shell.directory, path)


def text_of(shell: Shell, path: str, streams: Streams) -> str:
    """Text of an operand; ``-`` is the standard input.

    Raises:
        FileError: In the words of the operand.
    """
    if path == "-":
        return streams.stdin
    try:
        text = shell.machine.files.read(at(shell, path))
    except FileError as error:
        raise FileError(path, error.reason) from error
    shell.machine.budget.read(len(text))
    return text
