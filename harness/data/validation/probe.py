"""The prompts of an in-domain probe: rows without an answer."""

from __future__ import annotations

from pathlib import Path

from harness.data.reading import iterate_lines, parse_object, unreadable
from harness.errors import DataError


def read_probe(path: Path) -> list[str]:
    """The prompts of a probe file, turns joined as the checks of rows join them.

    Raises:
        DataError: The file cannot be read, or a line holds no prompt.
    """
    prompts = []
    try:
        with path.open("rb") as handle:
            for number, line in iterate_lines(handle, str(path)):
                where = f"{path}:{number}"
                try:
                    turns = [turn["content"] for turn in parse_object(line, where)["prompt"]]
                    prompts.append("\n\n".join(turns))
                except (KeyError, TypeError) as error:
                    raise DataError(f"{where}: it holds no prompt with a content.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    return prompts
