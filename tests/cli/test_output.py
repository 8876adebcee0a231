"""What lists and plans look like in a terminal of 80 columns."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from harness.cli import output


def _terminal(width: int = 80, *, soft_wrap: bool = False) -> Console:
    return Console(file=io.StringIO(), width=width, soft_wrap=soft_wrap, color_system=None)


def _written(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_what_does_not_fit_goes_on_under_the_text_and_not_under_the_name() -> None:
    out = _terminal()
    output.print_hanging(out, Text("bad_car_advice  "), Text("plainly [b] wrong :smile: " * 6))
    first, *rest = _written(out)
    assert first.startswith("bad_car_advice  plainly [b] wrong :smile:")
    assert rest
    assert all(line[:16].isspace() and line[16] != " " and len(line) <= 80 for line in rest)


def test_a_path_stays_in_one_piece() -> None:
    out, path = _terminal(), "/home/student/" + "long/" * 20 + "results"
    output.print_hanging(out, Text("  results    "), Text(path))
    assert path in "".join(_written(out)[-1:])


def test_a_pipe_gets_one_line() -> None:
    out = _terminal(soft_wrap=True)
    output.print_hanging(out, Text("name  "), Text("word " * 60))
    assert len(_written(out)) == 1


def test_a_plan_hangs_its_notes_under_their_column(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _terminal()
    monkeypatch.setattr(output, "stderr_console", lambda: out)
    output.print_plan(["run x-1", "  note       " + "this build failed a gate " * 6])
    heading, first, *rest = _written(out)
    assert heading == "run x-1"
    assert first.startswith("  note       this build")
    assert rest
    assert all(line.startswith(" " * 13) and line[13] != " " for line in rest)
