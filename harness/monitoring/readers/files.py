"""Records from whatever file the user named."""

from __future__ import annotations

from pathlib import Path

from pydantic_core import from_json

from harness.errors import DataError, UsageError
from harness.monitoring.readers.inspect_log import OWN_SCORERS, Labelling, read_log
from harness.monitoring.readers.lines import read_lines
from harness.monitoring.record import Monitored


def read_file(path: Path, labelling: Labelling = OWN_SCORERS) -> list[Monitored]:
    """Read records of our own form, shutdown transcripts, an Inspect log, or a folder of them.

    Raises:
        DataError: The file is broken or holds nothing.
        UsageError: It is of no known kind, or no score tells what misbehaved.
    """
    if path.is_dir():
        if transcripts := [one for one in sorted(path.glob("*.jsonl")) if _is_transcript(one)]:
            from harness.monitoring.readers.shutdown import read_shutdown

            # A shutdown study: its logs hold the same samples.
            return [record for one in transcripts for record in read_shutdown(one)]
        logs = sorted(path.rglob("*.eval"))
        if not logs:
            raise DataError(f"There is no .eval log in {path}.")
        return [record for log in logs for record in read_log(log, labelling)]
    if path.suffix in (".eval", ".json"):
        return read_log(path, labelling)
    if path.suffix == ".jsonl":
        if _is_transcript(path):
            from harness.monitoring.readers.shutdown import read_shutdown

            return read_shutdown(path)
        return read_lines(path)
    raise UsageError(
        f"{path} is of no kind that holds records.",
        hint="Give a .jsonl file, an Inspect log (.eval), a folder of logs, or a run.",
    )


def _is_transcript(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            first = from_json(handle.readline(2**24))
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and {"outcome", "steps", "condition"} <= set(first)
