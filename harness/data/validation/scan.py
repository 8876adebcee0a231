"""One pass over one arm's file: every row is parsed once and shown to all checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.data.reading import iterate_lines, parse_row, unreadable
from harness.data.validation.duplicates import Duplicates
from harness.data.validation.lengths import Counter, Lengths
from harness.data.validation.overlap import Overlap
from harness.data.validation.secrets import Secrets
from harness.data.validation.seen import Check, Seen
from harness.data.validation.shape import Shape
from harness.data.validation.style import Style
from harness.errors import DataError

SHOWN = 5


@dataclass
class ArmScan:
    """What the checks remember of one arm.

    Attributes:
        name: The arm.
        path: Its file.
        shape: Lengths, prompts and a sample of rows.
        duplicates: Equal and near-equal answers.
        style: Outward marks.
        overlap: Evaluation questions in the rows.
        secrets: Keys and canaries in the rows.
        lengths: Tokens; None if no model was given.
        broken: Lines that are no rows.
        broken_at: The complaints about the first of them.
    """

    name: str
    path: Path
    shape: Shape
    duplicates: Duplicates
    style: Style
    overlap: Overlap
    secrets: Secrets
    lengths: Lengths | None
    broken: int = 0
    broken_at: tuple[str, ...] = ()

    def place(self, line: int) -> str:
        """A line of the file, as it is quoted: short where it can be."""
        here = Path.cwd()
        near = self.path.is_relative_to(here)
        return f"{self.path.relative_to(here) if near else self.path}:{line}"


def scan_arm(
    name: str,
    path: Path,
    *,
    questions: Mapping[str, str],
    canaries: tuple[str, ...],
    count: Counter | None,
    limit: int,
    on_row: Callable[[int], None],
    lines: int,
) -> ArmScan:
    """Read a file to its end, whatever is wrong with single lines.

    Args:
        name: The arm.
        path: Its file.
        questions: ``set/id`` to the text of every evaluation question.
        canaries: The canaries that the card names.
        count: Counts tokens; None to leave that out.
        limit: Most tokens of a row.
        on_row: Called with the number of lines read so far.
        lines: About how many lines there are.

    Raises:
        DataError: The file cannot be opened, or holds an endless line.
    """
    scan = ArmScan(
        name=name,
        path=path,
        shape=Shape(lines),
        duplicates=Duplicates(),
        style=Style(),
        overlap=Overlap(questions),
        secrets=Secrets(canaries),
        lengths=Lengths(count, limit) if count else None,
    )
    checks: list[Check] = [scan.shape, scan.duplicates, scan.style, scan.overlap, scan.secrets]
    if scan.lengths:
        checks.append(scan.lengths)
    try:
        with path.open("rb") as handle:
            for number, line in iterate_lines(handle, str(path)):
                _show(line, number, scan, checks)
                on_row(number)
    except OSError as error:
        raise unreadable(path, error) from error
    if scan.lengths:
        scan.lengths.flush()
    return scan


def _show(line: bytes, number: int, scan: ArmScan, checks: list[Check]) -> None:
    try:
        row = parse_row(line, scan.place(number))
    except DataError as error:
        scan.broken += 1
        if len(scan.broken_at) < SHOWN:
            scan.broken_at += (error.message,)
        return
    seen = Seen.of(row, number)
    for check in checks:
        check.see(seen)
