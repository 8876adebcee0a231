"""Commands that say something: ``echo``, ``printf``, ``true``, ``test``, ``seq``, ``id`` …"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.shutdown.machine.arithmetic import NoValueError, evaluate
from harness.shutdown.machine.commands.options import (
    CommandError,
    UnknownOptionError,
    at,
    command,
    parsed,
)
from harness.shutdown.machine.files import EXECUTE, READ, WRITE, FileError
from harness.shutdown.machine.limits import OUTPUT_CHARACTERS

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

_ESCAPE = re.compile(r"\\([\\abefnrtv0]|x[0-9a-fA-F]{1,2}|[0-7]{1,3})")
_SIGNS = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SIGNS |= {"v": "\v", "\\": "\\", "0": "\0"}
_FORMAT = re.compile(r"%(-?\d{0,3})([sdiqb%])")


def _escaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        sign = match[1]
        if sign in _SIGNS:
            return _SIGNS[sign]
        return chr(int(sign[1:], 16) if sign[0] == "x" else int(sign, 8))

    return _ESCAPE.sub(one, text)


@command("echo")
def echo(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Say the words."""
    words = list(arguments)
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        newline = newline and "n" not in words[0]
        escapes = "e" in words[0]
        words.pop(0)
    text = " ".join(words)
    streams.out.write((_escaped(text) if escapes else text) + ("\n" if newline else ""))
    return 0


@command("printf")
def printf(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Say a format, again until the words are used up."""
    words = arguments[1:] if arguments[:1] == ["--"] else list(arguments)
    if not words:
        raise CommandError("usage: printf [-v var] format [arguments]", 2)
    text = words.pop(0)
    holes = sum(match[2] != "%" for match in _FORMAT.finditer(text))
    unknown = re.search(r"%[^%]", _FORMAT.sub("", text))
    if unknown is not None:
        raise UnknownOptionError(f"`{unknown[0]}': invalid format character")
    made, size = [], 0
    while True:
        shell.machine.budget.spend()
        # A width is what the model chooses; a field is never wider than it could be written out.
        piece = _filled(_escaped(text), words)
        made.append(piece)
        size += len(piece)
        if not words or not holes or size > OUTPUT_CHARACTERS:
            break
    streams.out.write("".join(made))
    return 0


def _filled(text: str, words: list[str]) -> str:
    def one(match: re.Match[str]) -> str:
        width, kind = match.groups()
        if kind == "%":
            return "%"
        word = words.pop(0) if words else ("0" if kind in "di" else "")
        word = _escaped(word) if kind == "b" else word
        size = int(width.lstrip("-") or 0)
        return word.ljust(size) if width.startswith("-") else word.rjust(size)

    return _FORMAT.sub(one, text)


@command("true")
def true(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Succeed."""
    return 0


@command("false")
def false(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Fail."""
    return 1


@command("test")
def test(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Whether a condition on files, texts or numbers holds."""
    return _test(shell, list(arguments))


@command("[")
def bracket(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """``test`` in brackets."""
    if arguments[-1:] != ["]"]:
        raise CommandError("missing `]'", 2)
    return _test(shell, arguments[:-1])


@command("[[")
def double_bracket(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """``test`` in double brackets, as far as it is the same."""
    if arguments[-1:] != ["]]"] or any(sign in one for one in arguments for sign in "*?~"):
        raise UnknownOptionError("conditional expression", 2)
    return _test(shell, arguments[:-1])


@command("expr")
def expr(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Reckon with two numbers."""
    numbers = arguments[::2]
    signs = {"+", "-", "*", "/", "%"}
    if len(arguments) != 3 or arguments[1] not in signs or not all(map(_is_number, numbers)):
        raise UnknownOptionError("syntax error", 2)
    try:
        made = evaluate("".join(f"({one})" if _is_number(one) else one for one in arguments), _no)
    except NoValueError as error:
        raise CommandError("division by zero", 2) from error
    streams.out.write(f"{made}\n")
    return int(made == 0)


def _is_number(word: str) -> bool:
    return re.fullmatch(r"-?\d{1,18}", word) is not None


def _no(name: str) -> None:
    return None


def _test(shell: Shell, words: list[str]) -> int:
    if words[:1] == ["!"]:
        return int(not _test(shell, words[1:]))
    if len(words) < 2:
        return int(not (words and words[0]))
    if len(words) == 2:
        return int(not _unary(shell, words[0], words[1]))
    if len(words) > 3:
        raise UnknownOptionError("too many arguments", 2)
    left, sign, right = words
    if sign in ("=", "==", "!="):
        return int((left == right) == (sign == "!="))
    try:
        one, two = int(left), int(right)
    except ValueError as error:
        raise CommandError(f"{left}: integer expression expected", 2) from error
    holds = {
        "-eq": one == two,
        "-ne": one != two,
        "-lt": one < two,
        "-le": one <= two,
        "-gt": one > two,
        "-ge": one >= two,
    }
    if sign not in holds:
        raise UnknownOptionError(f"{sign}: binary operator expected", 2)
    return int(not holds[sign])


def _unary(shell: Shell, sign: str, word: str) -> bool:
    if sign in ("-n", "-z"):
        return bool(word) == (sign == "-n")
    try:
        node = shell.machine.files.find(at(shell, word), follow=sign not in ("-L", "-h"))
    except FileError:
        return False
    if node is None:
        return False
    checks = {
        "-e": True,
        "-a": True,
        "-f": node.kind == "file",
        "-d": node.kind == "directory",
        "-L": node.kind == "link",
        "-h": node.kind == "link",
        "-s": bool(node.content or node.program),
        "-r": node.allows(READ),
        "-w": node.allows(WRITE),
        "-x": node.allows(EXECUTE),
    }
    if sign not in checks:
        raise UnknownOptionError(f"{sign}: unary operator expected", 2)
    return checks[sign]


@command("seq")
def seq(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Numbers in a row."""
    numbers = [word for word in parsed(arguments).operands if re.fullmatch(r"\d{1,4}", word)]
    if not 1 <= len(numbers) <= 2 or len(numbers) != len(arguments):
        raise UnknownOptionError("invalid argument")
    first, last = (1, int(numbers[0])) if len(numbers) == 1 else map(int, numbers)
    streams.out.write("".join(f"{number}\n" for number in range(first, last + 1)))
    return 0


@command("whoami")
def whoami(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The user's name."""
    streams.out.write("agent\n")
    return 0


@command("id")
def id_(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The user's numbers."""
    streams.out.write("uid=1000(agent) gid=1000(agent) groups=1000(agent)\n")
    return 0


@command("uname")
def uname(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """What kernel it is."""
    given = parsed(arguments, flags="amns").flags
    said = {"a": "Linux machine 6.1.0 x86_64 GNU/Linux", "m": "x86_64", "n": "machine"}
    streams.out.write(said.get(given[0] if given else "s", "Linux") + "\n")
    return 0


@command("hostname")
def hostname(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The machine's name."""
    streams.out.write("machine\n")
    return 0


@command("date")
def date(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The time, which stands still."""
    if arguments:
        raise UnknownOptionError("format", 1)
    streams.out.write("Thu Jan  1 09:00:00 UTC 2026\n")
    return 0


@command("basename")
def basename(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """The last part of a path."""
    if not arguments:
        raise CommandError("missing operand")
    streams.out.write(arguments[0].rstrip("/").rpartition("/")[2] + "\n")
    return 0


@command("dirname")
def dirname(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """All but the last part of a path."""
    if not arguments:
        raise CommandError("missing operand")
    folder, slash, _ = arguments[0].rstrip("/").rpartition("/")
    streams.out.write((folder or (slash or ".")) + "\n")
    return 0


BUILTINS = {
    "echo": echo,
    "printf": printf,
    "true": true,
    ":": true,
    "false": false,
    "test": test,
    "[": bracket,
    "[[": double_bracket,
}
PROGRAMS = {
    "seq": seq,
    "whoami": whoami,
    "id": id_,
    "basename": basename,
    "dirname": dirname,
    "expr": expr,
    "uname": uname,
    "hostname": hostname,
    "date": date,
    "echo": echo,
    "printf": printf,
    "true": true,
    "false": false,
    "test": test,
}
