"""Commands that pick and change lines: ``grep``, ``sed``, ``sort``, ``uniq``, ``tr``, ``cut``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from harness.shutdown.machine.commands.options import (
    CommandError,
    UnknownOptionError,
    at,
    command,
    parsed,
    text_of,
)
from harness.shutdown.machine.files import FileError
from harness.shutdown.machine.limits import OUTPUT_CHARACTERS
from harness.shutdown.machine.patterns import Pattern, PatternError, UnsupportedPatternError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams


def _pattern(shell: Shell, text: str, *, extended: bool, ignore_case: bool = False) -> Pattern:
    try:
        return Pattern(
            text, extended=extended, ignore_case=ignore_case, spend=shell.machine.budget.spend
        )
    except PatternError as error:
        raise CommandError(str(error), 2) from error
    except UnsupportedPatternError as error:
        raise UnknownOptionError(f"pattern with {error}", 2) from error


@command("grep")
def grep(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Lines that match."""
    given = parsed(arguments, flags="inEvcqFswlhHro", valued="eABC", long="color=never")
    flags = set(given.flags)
    operands = list(given.operands)
    if "e" in given.values:
        text = given.values["e"]
    elif operands:
        text = operands.pop(0)
    else:
        raise CommandError("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
    if {"w", "o"} & flags or set("ABC") & set(given.values):
        raise UnknownOptionError("invalid option -- 'w', 'o' or context", 2)
    if "F" in flags:
        text = re.escape(text) if "E" in flags else re.sub(r"([.*\[\]^$\\])", r"\\\1", text)
    find = _pattern(shell, text, extended="E" in flags, ignore_case="i" in flags).search
    names = operands or ["-"]
    if "r" in flags:
        names = _under(shell, operands or ["."])
    labelled = ("H" in flags or len(names) > 1 or "r" in flags) and "h" not in flags
    hits, status = 0, 0
    for name in names:
        try:
            lines = text_of(shell, name, streams).split("\n")
        except FileError as error:
            if "s" not in flags:
                streams.err.write(f"grep: {error}\n")
            status = 2
            continue
        if lines and not lines[-1]:
            lines.pop()
        kept = [
            (number, line)
            for number, line in enumerate(lines, 1)
            if (find(line) is not None) != ("v" in flags)
        ]
        hits += len(kept)
        label = f"{name}:" if labelled else ""
        if "q" in flags:
            continue
        if "l" in flags:
            streams.out.write(f"{name}\n" if kept else "")
        elif "c" in flags:
            streams.out.write(f"{label}{len(kept)}\n")
        else:
            for number, line in kept:
                streams.out.write(label + (f"{number}:" if "n" in flags else "") + line + "\n")
    return status or int(hits == 0)


def _under(shell: Shell, operands: list[str]) -> list[str]:
    found: list[str] = []
    files = shell.machine.files
    todo = list(operands)
    while todo:
        shell.machine.budget.spend()
        name = todo.pop(0)
        node = files.find(at(shell, name), follow=False)
        if node is not None and node.kind == "directory":
            todo += [f"{name}/{inner}" for inner in files.entries(at(shell, name))]
        elif node is not None and node.program is None:
            found.append(name)
    return found


class _Edit(NamedTuple):
    """One sed command: where it holds, and what it does to a line (None deletes it)."""

    holds: Callable[[int, int, str], bool]
    verb: str
    change: Callable[[str], str] | None


@command("sed")
def sed(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Change lines: ``s``, ``d``, ``p``, ``a``, ``i`` and ``c``, by number, pattern or range."""
    arguments = ["-i" if one in ("--in-place",) else one for one in arguments]
    backup = next((one[2:] for one in arguments if one.startswith("-i.")), "")
    arguments = ["-i" if one.startswith("-i.") else one for one in arguments]
    given = parsed(arguments, flags="inErs", valued="e", long="quiet regexp-extended")
    flags, operands = set(given.flags), list(given.operands)
    if "e" not in given.values and not operands:
        raise CommandError("usage: sed [OPTION]... {script} [input-file]...")
    script = given.values["e"] if "e" in given.values else operands.pop(0)
    edits = _edits(shell, script, extended=bool({"E", "r", "regexp-extended"} & flags))
    quiet = bool({"n", "quiet"} & flags)
    if "i" in flags and not operands:
        raise CommandError("no input files")
    for operand in operands or ["-"]:
        text = text_of(shell, operand, streams)
        made = _edited(text, edits, quiet)
        if "i" not in flags:
            streams.out.write(made)
            continue
        files = shell.machine.files
        if backup:
            files.write(at(shell, operand) + backup, text)
        files.write(at(shell, operand), made)
    return 0


def _edited(text: str, edits: list[_Edit], quiet: bool) -> str:
    lines = text.split("\n")
    ending = ""
    if lines[-1] == "":
        lines.pop()
        ending = "\n"
    out: list[str] = []
    size = 0
    for number, given in enumerate(lines, 1):
        line, kept, after = given, True, []
        for edit in edits:
            if not kept or not edit.holds(number, len(lines), line):
                continue
            if edit.verb == "d":
                kept = False
            elif edit.verb == "p":
                out.append(line)
            elif edit.change is not None and edit.verb == "s":
                line = edit.change(line)
            elif edit.change is not None:
                added = edit.change("")
                if edit.verb == "a":
                    after.append(added)
                else:
                    out.append(added)
                    kept = kept and edit.verb == "i"
        if kept and not quiet:
            out.append(line)
        out += after
        size += len(line)
        if size > OUTPUT_CHARACTERS:
            raise CommandError("couldn't write: No space left on device", 4)
    return "\n".join(out) + (ending if out else "")


def _edits(shell: Shell, script: str, *, extended: bool) -> list[_Edit]:
    reader = _Script(shell, script, extended)
    edits = []
    while reader.more():
        edits.append(reader.edit())
        if len(edits) > 32:
            raise CommandError("too many commands")
    return edits


class _Script:
    def __init__(self, shell: Shell, text: str, extended: bool) -> None:
        self._shell, self._text, self._at, self._extended = shell, text, 0, extended

    def more(self) -> bool:
        while self._at < len(self._text) and self._text[self._at] in " \t\n;":
            self._at += 1
        return self._at < len(self._text)

    def edit(self) -> _Edit:
        holds = self._address()
        verb = self._text[self._at : self._at + 1]
        self._at += 1
        if verb in ("d", "p"):
            return _Edit(holds, verb, None)
        if verb == "s":
            return _Edit(holds, verb, self._substitution())
        if verb in ("a", "i", "c"):
            rest = self._text[self._at :].lstrip(" \t").removeprefix("\\").lstrip(" \t\n")
            self._at = len(self._text)
            return _Edit(holds, verb, lambda line: rest)
        if not verb:
            raise CommandError("-e expression #1: missing command")
        raise UnknownOptionError(f"-e expression #1: unknown command: `{verb}'")

    def _address(self) -> Callable[[int, int, str], bool]:
        first = self._one()
        last = None
        if self._text.startswith(",", self._at):
            self._at += 1
            last = self._one()
        inverse = self._text.startswith("!", self._at)
        self._at += inverse
        inside = [False]

        def holds(number: int, total: int, line: str) -> bool:
            if first is None:
                return True
            if last is None:
                return first(number, total, line)
            if not inside[0]:
                if not first(number, total, line):
                    return False
                inside[0] = not last(number, total, line) or number == 1
                return True
            inside[0] = not last(number, total, line)
            return True

        return (lambda n, t, line: not holds(n, t, line)) if inverse else holds

    def _one(self) -> Callable[[int, int, str], bool] | None:
        digits = re.compile(r"\d{1,9}").match(self._text, self._at)
        if digits is not None:
            self._at = digits.end()
            wanted = int(digits[0])
            return lambda number, total, line: number == wanted
        if self._text.startswith("$", self._at):
            self._at += 1
            return lambda number, total, line: number == total
        if self._text.startswith("/", self._at):
            self._at += 1
            find = _pattern(self._shell, self._until("/"), extended=self._extended).search
            return lambda number, total, line: find(line) is not None
        return None

    def _until(self, sign: str) -> str:
        made: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == sign:
                return "".join(made)
            if char == "\\" and self._at < len(self._text):
                following = self._text[self._at]
                self._at += 1
                made.append(following if following == sign else "\\" + following)
            else:
                made.append(char)
        raise CommandError("-e expression #1: unterminated `s' command or address")

    def _substitution(self) -> Callable[[str], str]:
        sign = self._text[self._at : self._at + 1]
        self._at += 1
        if not sign or sign in "\\\n":
            raise CommandError("-e expression #1: unterminated `s' command")
        old, new = self._until(sign), self._until(sign)
        marks = re.compile(r"[a-zA-Z0-9]*").match(self._text, self._at)
        given = marks[0] if marks else ""
        self._at += len(given)
        if set(given) - set("gIi"):
            raise UnknownOptionError("-e expression #1: unknown option to `s'")
        if re.search(r"\\\d", new):
            raise UnknownOptionError("-e expression #1: invalid reference on `s' command's RHS")
        ignore = bool({"i", "I"} & set(given))
        pattern = _pattern(self._shell, old, extended=self._extended, ignore_case=ignore)
        return lambda line: _substitute(pattern, new, line, everywhere="g" in given)


def _substitute(pattern: Pattern, new: str, line: str, *, everywhere: bool) -> str:
    out: list[str] = []
    begin = size = 0
    while True:
        span = pattern.search(line, begin)
        if span is None:
            break
        made = _replacement(new, line[span.start : span.end])
        out += [line[begin : span.start], made]
        size += span.start - begin + len(made)
        begin = span.end
        if span.end == span.start:
            if begin >= len(line):
                break
            out.append(line[begin])
            begin += 1
        if not everywhere or size > OUTPUT_CHARACTERS:
            break
    return "".join(out) + line[begin:]


def _replacement(text: str, matched: str) -> str:
    def one(match: re.Match[str]) -> str:
        sign = match[0]
        if sign == "&":
            return matched
        return {"n": "\n", "t": "\t"}.get(sign[1], sign[1])

    return re.sub(r"&|\\.", one, text)


@command("sort")
def sort(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Sort lines."""
    given = parsed(arguments, flags="nru")
    lines = [
        line
        for operand in given.operands or ["-"]
        for line in text_of(shell, operand, streams).splitlines()
    ]
    shell.machine.budget.read(8 * sum(map(len, lines)))
    if "n" in given.flags:
        lines.sort(key=_number)
    else:
        lines.sort()
    if "r" in given.flags:
        lines.reverse()
    if "u" in given.flags:
        lines = list(dict.fromkeys(lines))
    streams.out.write("".join(line + "\n" for line in lines))
    return 0


def _number(line: str) -> float:
    match = re.match(r"\s*(-?\d{1,15}(?:\.\d{1,15})?)", line)
    return float(match[1]) if match else 0.0


@command("uniq")
def uniq(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Drop repeated neighbours."""
    given = parsed(arguments, flags="c")
    previous, count = None, 0
    lines = text_of(shell, given.operands[0] if given.operands else "-", streams).splitlines()
    for line in [*lines, None]:
        if line == previous:
            count += 1
            continue
        if previous is not None:
            streams.out.write((f"{count:>7} " if "c" in given.flags else "") + previous + "\n")
        previous, count = line, 1
    return 0


@command("cut")
def cut(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """One field of every line."""
    given = parsed(arguments, valued="df")
    field = given.values.get("f", "")
    if not re.fullmatch(r"[1-9]\d{0,3}", field):
        raise UnknownOptionError(f"invalid field value '{field}'")
    sign = given.values.get("d", "\t")[:1] or "\t"
    for operand in given.operands or ["-"]:
        for line in text_of(shell, operand, streams).splitlines():
            parts = line.split(sign)
            place = int(field) - 1
            picked = line if len(parts) == 1 else parts[place] if place < len(parts) else ""
            streams.out.write(picked + "\n")
    return 0


@command("tr")
def tr(shell: Shell, arguments: list[str], streams: Streams) -> int:
    """Exchange or delete characters."""
    given = parsed(arguments, flags="d")
    names = {"\\n": "\n", "\\t": "\t"}
    signs = [names.get(one, one) for one in given.operands]
    if "d" in given.flags and len(signs) == 1:
        streams.out.write(streams.stdin.translate({ord(char): None for char in signs[0]}))
    elif len(signs) == 2 and len(signs[0]) == 1 == len(signs[1]):
        streams.out.write(streams.stdin.replace(signs[0], signs[1]))
    else:
        raise UnknownOptionError("sets of characters")
    return 0


PROGRAMS = {"grep": grep, "sed": sed, "sort": sort, "uniq": uniq, "cut": cut, "tr": tr}
