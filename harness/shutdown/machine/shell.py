"""Walks the tree of a command line: the simulated ``bash``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from harness.shutdown.machine.expansion import Context, ExpansionError, fields, single
from harness.shutdown.machine.files import EXECUTE, FileError, Node, join
from harness.shutdown.machine.limits import NESTING, OUTPUT_CHARACTERS
from harness.shutdown.machine.parser import ShellSyntaxError, UnsupportedSyntaxError, parse
from harness.shutdown.machine.redirection import redirected
from harness.shutdown.machine.streams import Sink, Streams
from harness.shutdown.machine.syntax import (
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Script,
    Simple,
    While,
    Word,
)

if TYPE_CHECKING:
    from harness.shutdown.machine.machine import Machine

PATH = "/usr/local/bin:/usr/bin:/bin"
HOME = "/home/agent"
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class ExitError(Exception):
    """``exit`` or ``exec``: this shell ends."""

    def __init__(self, status: int) -> None:
        """With that status."""
        super().__init__(status)
        self.status = status


@dataclass
class Shell:
    """One shell process.

    Attributes:
        machine: What it runs on.
        variables: All variables.
        exported: Names of those that programs inherit.
        functions: By name.
        passed_on: Names of functions that programs inherit.
        aliases: Kept and listed; bash expands none in scripts.
        traps: Signal to action.
        directory: Working directory.
        arguments: ``$0``, ``$1`` …
        status: ``$?``.
        depth: How many shells, functions and scripts are around it.
    """

    machine: Machine
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": PATH, "HOME": HOME})
    exported: set[str] = field(default_factory=lambda: {"PATH", "HOME"})
    functions: dict[str, Function] = field(default_factory=dict)
    passed_on: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    traps: dict[str, str] = field(default_factory=dict)
    directory: str = HOME
    arguments: tuple[str, ...] = ("bash",)
    status: int = 0
    depth: int = 0

    def run_text(self, text: str, streams: Streams) -> int:
        """Parse and run.

        Raises:
            ExitError: The text ends this shell.
        """
        try:
            script = parse(text)
        except UnsupportedSyntaxError as error:
            self.machine.saw_unsupported(str(error), text)
            streams.err.write(f"bash: line 1: {error}: command not found\n")
            self.status = NOT_FOUND
            return NOT_FOUND
        except ShellSyntaxError as error:
            streams.err.write(f"bash: line 1: {error}\n")
            self.status = 2
            return 2
        return self.run(script, streams)

    def leave(self, status: int, streams: Streams) -> int:
        """Do what was trapped for the end of this shell."""
        action = self.traps.pop("EXIT", self.traps.pop("0", ""))
        if action:
            self.run_text(action, streams)
        return status

    def end(self, status: int) -> NoReturn:
        """End this shell.

        Raises:
            ExitError: Always.
        """
        raise ExitError(status)

    def deeper(self, by: int) -> None:
        """Count a level of ``source`` or ``eval``.

        Raises:
            ExpansionError: There are too many.
        """
        self.depth += by
        if self.depth > NESTING:
            self.depth -= by
            raise ExpansionError("maximum nesting level exceeded")

    def run(self, script: Script, streams: Streams) -> int:
        """Run a tree."""
        for step in script.steps:
            if (step.when == "&&" and self.status != 0) or (step.when == "||" and self.status == 0):
                continue
            self.status = self._pipeline(step.pipeline, streams)
        return self.status

    def child(self) -> Shell:
        """A copy for ``( … )``, a pipe or a substitution.

        Raises:
            ExpansionError: Shells are nested too deeply.
        """
        if self.depth >= NESTING:
            raise ExpansionError("fork: Resource temporarily unavailable")
        return replace(
            self,
            variables=dict(self.variables),
            exported=set(self.exported),
            functions=dict(self.functions),
            passed_on=set(self.passed_on),
            aliases=dict(self.aliases),
            traps=dict(self.traps),
            depth=self.depth + 1,
        )

    def program(self, arguments: tuple[str, ...]) -> Shell:
        """A new shell that inherits only what is exported."""
        shell = self.child()
        shell.variables = {k: v for k, v in self.variables.items() if k in self.exported}
        shell.functions = {k: v for k, v in self.functions.items() if k in self.passed_on}
        shell.aliases, shell.traps, shell.arguments, shell.status = {}, {}, arguments, 0
        return shell

    def apart(self, shell: Shell, work: Callable[[], int]) -> int:
        """Run something that may end ``shell`` but not this one."""
        try:
            return work()
        except ExitError as end:
            return end.status

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        if len(pipeline.commands) == 1:
            status = self._command(pipeline.commands[0], streams)
        else:
            stdin, status = streams.stdin, 0
            for place, command in enumerate(pipeline.commands):
                last = place == len(pipeline.commands) - 1
                out = streams.out if last else Sink()
                shell, given = self.child(), Streams(stdin, out, streams.err)

                def work(
                    shell: Shell = shell, command: Command = command, given: Streams = given
                ) -> int:
                    return shell._command(command, given)

                status = self.apart(shell, work)
                stdin = out.text
        return int(not status) if pipeline.inverted else status

    def _command(self, command: Command, streams: Streams) -> int:
        self.machine.budget.spend()
        if isinstance(command, Function):
            self.functions[command.name] = command
            self.machine.saw_definition(command.name)
            return 0
        try:
            if isinstance(command, Simple):
                return self._simple(command, streams)
            sent = redirected(command.redirections, streams, self._context())
            return self._compound(command, sent)
        except (FileError, ExpansionError) as error:
            streams.err.write(f"bash: line 1: {error}\n")
            return 1

    def _compound(self, command: Group | If | For | While, streams: Streams) -> int:
        if isinstance(command, Group):
            if not command.apart:
                return self.run(command.body, streams)
            shell = self.child()
            return self.apart(shell, lambda: shell.run(command.body, streams))
        if isinstance(command, If):
            for condition, body in command.branches:
                if self.run(condition, streams) == 0:
                    return self.run(body, streams)
            return self.run(command.otherwise, streams) if command.otherwise else 0
        if isinstance(command, For):
            status = 0
            for value in self._fields(command.words):
                self.machine.budget.spend()
                self.variables[command.name] = value
                status = self.run(command.body, streams)
            return status
        status = 0
        while (self.run(command.condition, streams) == 0) != command.until:
            self.machine.budget.spend()
            status = self.run(command.body, streams)
        return status

    def _simple(self, command: Simple, streams: Streams) -> int:
        words = self._fields(command.words)
        streams = redirected(command.redirections, streams, self._context())
        values = {name: single(word, self._context()) for name, word in command.assignments}
        if not words:
            for name, value in values.items():
                self.assign(name, value)
            return 0
        if not values:
            return self.execute(words, streams)
        # ``NAME=value command``: for this command alone.
        shell = self.child()
        for name, value in values.items():
            shell.assign(name, value)
            shell.exported.add(name)
        return self.apart(shell, lambda: shell.execute(words, streams))

    def assign(self, name: str, value: str) -> None:
        """Set a variable.

        Raises:
            ExpansionError: The variables take up too much room.
        """
        used = sum(len(other) for other in self.variables.values())
        if used + len(value) > OUTPUT_CHARACTERS or len(self.variables) > 512:
            raise ExpansionError("cannot allocate memory")
        self.variables[name] = value
        self.machine.saw_variable(name)

    def execute(self, words: list[str], streams: Streams) -> int:
        """Run one command: a function, a builtin, or a program."""
        name, arguments = words[0], words[1:]
        self.machine.budget.spend(sum(map(len, words)) / 4096)
        if name in self.functions:
            return self._call(self.functions[name], tuple(arguments), streams)
        builtin = self.machine.builtins.get(name)
        if builtin is not None:
            return builtin(self, arguments, streams)
        found = self.which(name)
        if found is None:
            self.machine.saw_unsupported(name, " ".join(words))
            missing = "No such file or directory" if "/" in name else "command not found"
            streams.err.write(f"bash: line 1: {name}: {missing}\n")
            return NOT_FOUND
        return self.start(found, words, streams)

    def which(self, name: str) -> str | None:
        """Path of a program."""
        if "/" in name:
            path = join(self.directory, name)
            return path if self._there(path) else None
        for folder in self.variables.get("PATH", "").split(":")[:64]:
            path = join(join(self.directory, folder or "."), name)
            node = self._there(path)
            if node and node.kind == "file" and node.allows(EXECUTE):
                return path
        return None

    def start(self, path: str, words: list[str], streams: Streams) -> int:
        """Run the file at ``path`` as a program: a native one or a script."""
        node = self.machine.files.get(path)
        if node.kind == "directory":
            streams.err.write(f"bash: line 1: {words[0]}: Is a directory\n")
            return NOT_EXECUTABLE
        if not node.allows(EXECUTE):
            streams.err.write(f"bash: line 1: {words[0]}: Permission denied\n")
            return NOT_EXECUTABLE
        if node.program is not None:
            return self.machine.native(node, self, words, streams)
        return self.script(path, tuple(words), streams)

    def script(self, path: str, arguments: tuple[str, ...], streams: Streams) -> int:
        """Run a text file in a shell of its own, by its first line where it names a program."""
        text = self.machine.files.read(path)
        first = text.partition("\n")[0]
        if first.startswith("#!"):
            named = first[2:].split() or [""]
            if named[0] == "/usr/bin/env":
                named = [self.which(named[1]) or "", *named[2:]] if len(named) > 1 else [""]
            if named[0] not in ("/bin/bash", "/usr/bin/bash", "/bin/sh", "/usr/bin/sh"):
                node = self._there(named[0]) if named[0].startswith("/") else None
                if node is None:
                    self.machine.saw_unsupported(named[0], first)
                    streams.err.write(
                        f"bash: line 1: {arguments[0]}: cannot execute: required file not found\n"
                    )
                    return NOT_FOUND
                return self.start(named[0], [*named, path], streams)
        return self.interpret(text, arguments, streams)

    def interpret(self, text: str, arguments: tuple[str, ...], streams: Streams) -> int:
        """Run a text in a shell of its own, after what ``BASH_ENV`` names."""
        shell = self.program(arguments)

        def work() -> int:
            startup = shell.variables.get("BASH_ENV", "")
            if startup and shell._there(join(self.directory, startup)):
                shell.run_text(self.machine.files.read(join(self.directory, startup)), streams)
            return shell.leave(shell.run_text(text, streams), streams)

        return self.apart(shell, work)

    def _call(self, function: Function, arguments: tuple[str, ...], streams: Streams) -> int:
        if self.depth >= NESTING:
            raise ExpansionError(f"{function.name}: maximum function nesting level exceeded")
        before = self.arguments
        self.arguments, self.depth = (before[0], *arguments), self.depth + 1
        try:
            return self._command(function.body, streams)
        finally:
            self.arguments, self.depth = before, self.depth - 1

    def _there(self, path: str) -> Node | None:
        try:
            return self.machine.files.find(path)
        except FileError:
            return None

    def _fields(self, words: Iterable[Word]) -> list[str]:
        context = self._context()
        return [made for word in words for made in fields(word, context)]

    def _context(self) -> Context:
        return Context(
            value=self._value,
            positional=self.arguments[1:],
            capture=self._capture,
            files=self.machine.files,
            directory=self.directory,
            home=self.variables.get("HOME", HOME),
        )

    def _value(self, name: str) -> str | None:
        if name == "?":
            return str(self.status)
        if name == "$":
            return "42"
        if name == "#":
            return str(len(self.arguments) - 1)
        if name in ("@", "*"):
            return " ".join(self.arguments[1:])
        if name.isdigit():
            place = int(name)
            return self.arguments[place] if place < len(self.arguments) else None
        return {"PWD": self.directory}.get(name, self.variables.get(name))

    def _capture(self, script: Script) -> str:
        shell, out = self.child(), Sink()
        err = self.machine.stderr
        self.status = self.apart(shell, lambda: shell.run(script, Streams("", out, err)))
        return out.text
