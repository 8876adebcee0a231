"""The verbs under test as one small app, apart from the ones other tests own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from harness.cli.bundle import bundle
from harness.cli.compare import compare
from harness.cli.doctor import doctor
from harness.cli.import_answers import import_answers
from harness.cli.judge import judge_app
from harness.cli.leaderboard import leaderboard
from harness.cli.list import list_tasks
from harness.cli.power import power
from harness.cli.rescore import rescore
from harness.cli.run import run
from harness.cli.show import show
from harness.cli.verify import verify
from harness.runs.record import RunRecord, write_record

app = typer.Typer()
for name, verb in {
    "leaderboard": leaderboard,
    "show": show,
    "list": list_tasks,
    "doctor": doctor,
    "import-answers": import_answers,
    "compare": compare,
    "rescore": rescore,
    "power": power,
    "run": run,
    "bundle": bundle,
    "verify": verify,
}.items():
    app.command(name)(verb)
app.add_typer(judge_app, name="judge")


def invoke(*arguments: str | Path) -> Any:
    """Call a verb as the command line does; errors come back as ``exception``."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def save(results: Path, *records: RunRecord) -> None:
    """Write records where a run would."""
    for record in records:
        write_record(results / record.run_id, record)
