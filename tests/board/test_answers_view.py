"""Answers as they stand in a terminal."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from harness.board.answers_view import print_answers
from harness.runs.raw import RawProbe, read_raw, write_raw
from tests.runs.made import made_run

ANSWER = "def walk(path):\n    return path\n\n" + "Every evening I would read a book. " * 12


def test_long_lines_break_between_words_and_code_keeps_its_indent(tmp_path: Path) -> None:
    run = made_run(tmp_path)
    folder = tmp_path / run.run_id
    write_raw(
        folder,
        [
            RawProbe(p.arm, p.seed, [row | {"answer": ANSWER} for row in p.answers], p.in_domain)
            for p in read_raw(folder)
        ],
    )
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=True, color_system=None)
    print_answers(run, tmp_path, ["bad"], 1, console)
    lines = out.getvalue().splitlines()
    assert "        return path" in lines
    prose = lines[lines.index("        return path") + 2 :]
    assert len(prose) > 5
    assert all(line.startswith("    ") and line[4] != " " and len(line) <= 60 for line in prose)
