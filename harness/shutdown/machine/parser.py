"""Reads the subset of bash that the machine speaks.

What is outside the subset is named in ``UnsupportedSyntaxError``, so that it can be counted; what
bash would refuse as well is a ``ShellSyntaxError``.
"""

from __future__ import annotations

import re

from harness.shutdown.machine.limits import NESTING
from harness.shutdown.machine.syntax import (
    Command,
    For,
    Function,
    Group,
    Heredoc,
    If,
    Operator,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Step,
    Text,
    While,
    Word,
)
from harness.shutdown.machine.words import (
    ShellSyntaxError,
    UnsupportedSyntaxError,
    WordReader,
)

__all__ = ["ShellSyntaxError", "UnsupportedSyntaxError", "parse"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_FUNCTION = re.compile(r"([A-Za-z0-9_./:+-]{1,64})[ \t]*\([ \t]*\)")
_FOREIGN = ("case", "select", "coproc", "time", "((")
_CLOSING = {"then", "do", "done", "fi", "else", "elif", "}", "in", "esac"}
_OPENING = ("{", "(", "if", "for", "while", "until")


def parse(text: str) -> Script:
    """The tree of a command line or script.

    Raises:
        ShellSyntaxError: Bash would refuse it too.
        UnsupportedSyntaxError: Bash would know it, this machine does not.
    """
    parser = _Parser(text, 0)
    script = parser.script(())
    if not parser.ended:
        raise ShellSyntaxError(f"syntax error near unexpected token `{parser.rest()}'")
    return script


class _Parser(WordReader):
    def __init__(self, text: str, depth: int) -> None:
        super().__init__(text, depth)
        self._heredocs: list[Heredoc] = []

    def inner(self, closing: str) -> Script:
        """The script up to a closing bracket, which is taken."""
        self._deeper(1)
        script = self.script((closing,))
        if not self._take(closing):
            raise ShellSyntaxError(f"unexpected EOF while looking for matching `{closing}'")
        self._deeper(-1)
        return script

    def apart(self, text: str) -> Script:
        """A script of its own (backticks)."""
        parser = _Parser(text, self._depth + 1)
        return parser.script(())

    def script(self, closing: tuple[str, ...]) -> Script:
        """Pipelines up to one of the closing words or brackets, which stays."""
        steps: list[Step] = []
        self._gaps()
        while not self.ended and not self._closes(closing):
            steps += self._and_or()
            if not self._separator():
                break
            self._gaps()
        return Script(tuple(steps))

    def _deeper(self, by: int) -> None:
        self._depth += by
        if self._depth > NESTING:
            raise ShellSyntaxError("maximum nesting exceeded")

    def _closes(self, closing: tuple[str, ...]) -> bool:
        if ")" in closing and self._text.startswith(")", self._at):
            return True
        return self._word_ahead() in closing

    def _separator(self) -> bool:
        self._blanks()
        if self._text.startswith("&", self._at) and not self._text.startswith("&&", self._at):
            raise UnsupportedSyntaxError("&")
        if self._text.startswith(";;", self._at):
            raise ShellSyntaxError("syntax error near unexpected token `;;'")
        if self._take(";"):
            return True
        return self._newline()

    def _newline(self) -> bool:
        if not self._take("\n"):
            return False
        for heredoc in self._heredocs:
            self._fill(heredoc)
        self._heredocs.clear()
        return True

    def _gaps(self) -> None:
        self._blanks()
        while self._newline():
            self._blanks()

    def _and_or(self) -> list[Step]:
        steps = [Step("", self._pipeline())]
        while True:
            self._blanks()
            if self._take("&&"):
                self._gaps()
                steps.append(Step("&&", self._pipeline()))
            elif self._take("||"):
                self._gaps()
                steps.append(Step("||", self._pipeline()))
            else:
                return steps

    def _pipeline(self) -> Pipeline:
        inverted = self._word_ahead() == "!"
        if inverted:
            self._at += 1
            self._blanks()
        commands = [self._command()]
        self._blanks()
        while self._text.startswith("|", self._at) and not self._text.startswith("||", self._at):
            self._at += 1
            if self._text.startswith("&", self._at):
                raise UnsupportedSyntaxError("|&")
            self._gaps()
            commands.append(self._command())
            self._blanks()
        return Pipeline(tuple(commands), inverted)

    def _command(self) -> Command:
        if self.ended:
            raise ShellSyntaxError("syntax error: unexpected end of file")
        ahead = self._word_ahead()
        if ahead in _FOREIGN or self._text.startswith("((", self._at):
            raise UnsupportedSyntaxError(ahead or "((")
        if ahead in _CLOSING:
            raise ShellSyntaxError(f"syntax error near unexpected token `{ahead}'")
        opening = "(" if self._text.startswith("(", self._at) else ahead
        if opening in _OPENING:
            self._deeper(1)
            command = self._compound(opening)
            self._deeper(-1)
            return command
        return self._function() or self._simple()

    def _compound(self, opening: str) -> Command:
        self._at += len(opening)
        if opening == "(":
            return Group(self.inner(")"), True, self._redirections())
        if opening == "{":
            body = self.script(("}",))
            self._expect("}")
            return Group(body, False, self._redirections())
        if opening == "if":
            return self._if()
        if opening == "for":
            return self._for()
        condition = self.script(("do",))
        return While(condition, self._body(), opening == "until", self._redirections())

    def _if(self) -> If:
        branches: list[tuple[Script, Script]] = []
        otherwise: Script | None = None
        while True:
            condition = self.script(("then",))
            self._expect("then")
            branches.append((condition, self.script(("elif", "else", "fi"))))
            if self._word_ahead() != "elif":
                break
            self._at += 4
        if self._word_ahead() == "else":
            self._at += 4
            otherwise = self.script(("fi",))
        self._expect("fi")
        return If(tuple(branches), otherwise, self._redirections())

    def _for(self) -> For:
        self._blanks()
        name = _NAME.match(self._text, self._at)
        if name is None:
            raise UnsupportedSyntaxError("for ((")
        self._at = name.end()
        self._gaps()
        words: list[Word] = []
        if self._word_ahead() == "in":
            self._at += 2
            self._blanks()
            while (word := self.word()) is not None:
                words.append(word)
                self._blanks()
        self._blanks()
        self._separator()
        self._gaps()
        return For(name[0], tuple(words), self._body(), self._redirections())

    def _body(self) -> Script:
        self._expect("do")
        body = self.script(("done",))
        self._expect("done")
        return body

    def _expect(self, word: str) -> None:
        self._gaps()
        if self._word_ahead() != word:
            near = self.rest() or "newline"
            raise ShellSyntaxError(f"syntax error near unexpected token `{near}'")
        self._at += len(word)

    def _function(self) -> Function | None:
        begin = self._at
        if self._word_ahead() == "function":
            self._at += len("function")
            self._blanks()
        named = begin != self._at
        match = _FUNCTION.match(self._text, self._at)
        if match is None and named:
            match = re.compile(r"([A-Za-z0-9_./:+-]{1,64})(?=[ \t\n]*\{)").match(
                self._text, self._at
            )
        if match is None:
            self._at = begin
            return None
        self._at = match.end()
        self._gaps()
        opening = "(" if self._text.startswith("(", self._at) else self._word_ahead()
        if opening not in ("{", "("):
            raise ShellSyntaxError("syntax error near unexpected token `newline'")
        self._deeper(1)
        body = self._compound(opening)
        self._deeper(-1)
        return Function(match[1], body, self._text[begin : self._at])

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirections: list[Redirection | Heredoc] = []
        begin = self._at
        while True:
            self._blanks()
            redirection = self._redirection()
            if redirection is not None:
                redirections.append(redirection)
                continue
            match = _ASSIGNMENT.match(self._text, self._at) if not words else None
            if match is not None:
                self._at = match.end()
                if self._text.startswith("(", self._at):
                    raise UnsupportedSyntaxError("array")
                assignments.append((match[1], self.word() or Word(())))
                continue
            word = self.word()
            if word is None:
                break
            words.append(word)
        if self._at == begin or not (assignments or words or redirections):
            near = self.rest() or "newline"
            raise ShellSyntaxError(f"syntax error near unexpected token `{near}'")
        if self._text.startswith("(", self._at):
            raise ShellSyntaxError("syntax error near unexpected token `('")
        return Simple(tuple(assignments), tuple(words), tuple(redirections))

    def _redirections(self) -> tuple[Redirection | Heredoc, ...]:
        found: list[Redirection | Heredoc] = []
        while True:
            self._blanks()
            one = self._redirection()
            if one is None:
                return tuple(found)
            found.append(one)

    def _redirection(self) -> Redirection | Heredoc | None:
        match = re.compile(r"(\d|&)?(<<-|<<<|<<|<>|<\(|>\(|>>|>&|>\||<|>)").match(
            self._text, self._at
        )
        if match is None:
            return None
        number, sign = match[1], match[2]
        if sign in ("<>", "<(", ">("):
            raise UnsupportedSyntaxError(sign)
        if sign in ("<<", "<<-"):
            self._at = match.end()
            return self._heredoc(strip_tabs=sign == "<<-")
        self._at = match.end()
        self._blanks()
        target = self.word()
        if target is None:
            near = self.rest() or "newline"
            raise ShellSyntaxError(f"syntax error near unexpected token `{near}'")
        if sign == "<<<":
            return Heredoc("", False, True, Word((*target.parts, Text("\n", True))))
        stream = 12 if number == "&" else int(number or (0 if sign == "<" else 1))
        if sign == ">&" and not (target.plain or "").isdigit():
            stream, sign = 12, ">"
        if stream not in (0, 1, 2, 12):
            raise UnsupportedSyntaxError(f"{stream}{sign}")
        operators: dict[str, Operator] = {">": ">", ">|": ">", ">>": ">>", "<": "<", ">&": ">&"}
        return Redirection(stream, operators[sign], target)

    def _heredoc(self, *, strip_tabs: bool) -> Heredoc:
        self._blanks()
        begin = self._at
        word = self.word()
        if word is None:
            raise ShellSyntaxError("syntax error near unexpected token `newline'")
        raw = self._text[begin : self._at]
        expands = not any(sign in raw for sign in "'\"\\")
        heredoc = Heredoc(re.sub(r"['\"\\]", "", raw), strip_tabs, expands)
        self._heredocs.append(heredoc)
        return heredoc

    def _fill(self, heredoc: Heredoc) -> None:
        lines: list[str] = []
        while not self.ended:
            line, newline, _ = self._text[self._at :].partition("\n")
            self._at += len(line) + len(newline)
            line = line.lstrip("\t") if heredoc.strip_tabs else line
            if line == heredoc.marker:
                break
            lines.append(line + "\n")
        body = "".join(lines)
        heredoc.body = self.here_text(body) if heredoc.expands else self.literal(body)
