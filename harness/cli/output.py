"""Where commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.text import Text

R = TypeVar("R", bound="BaseModel")
PLAN_INDENT = 13
"""Where the values of a plan start."""
_SURROGATE = re.compile("[\ud800-\udfff]")
NARROWEST = 20
"""Columns below which a hanging indent would leave a column of single words."""


def console() -> Console:
    """Console on standard output, for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr_console() -> Console:
    """Console on standard error, for plans, progress and warnings."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_hanging(out: Console, lead: Text, body: Text) -> None:
    """Print a line of a list; on a terminal what does not fit goes on under ``body``.

    Args:
        out: Where to.
        lead: What starts the line, with the gap after it.
        body: The rest, in one style. A path stays in one piece, to be copied; where nobody reads
            (a pipe, a file) all of it is one line.
    """
    from rich.text import Text

    room = out.width - lead.cell_len
    lines = [body.plain]
    if not out.soft_wrap and room >= NARROWEST:
        wrapper = textwrap.TextWrapper(room, break_long_words=False, break_on_hyphens=False)
        lines = wrapper.wrap(body.plain) or [""]
    for number, line in enumerate(lines):
        start = Text(" " * lead.cell_len) if number else lead
        out.print(Text.assemble(start, (line, body.style)), soft_wrap=True)


def print_plan(lines: list[str]) -> None:
    """Print the lines of a plan on standard error: a heading, then ``  name       value``."""
    from rich.text import Text

    out = stderr_console()
    for line in lines:
        start = PLAN_INDENT if line.startswith("  ") else 0
        print_hanging(out, Text(line[:start]), Text(line[start:]))


def emit_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair, as of a file name that is not UTF-8, cannot be written as itself.
    text = _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(record: R, as_json: bool, show: Callable[[R], None]) -> None:
    """Print a record: as one JSON object, or for reading, as ``show`` does."""
    if as_json:
        emit_json(record.model_dump(mode="json"))
    else:
        show(record)
