"""``python -m harness``: the verbs, and how errors leave the program."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from harness import __version__
from harness.cli.bundle import bundle
from harness.cli.compare import compare
from harness.cli.doctor import doctor
from harness.cli.evaluate import evaluate
from harness.cli.generate import generate
from harness.cli.import_answers import import_answers
from harness.cli.import_data import import_data
from harness.cli.inside import inside_app
from harness.cli.judge import judge_app
from harness.cli.leaderboard import leaderboard
from harness.cli.list import list_tasks
from harness.cli.miniature import miniature_app
from harness.cli.monitor import monitor
from harness.cli.new import new
from harness.cli.persona import persona
from harness.cli.power import power
from harness.cli.questions import questions_app
from harness.cli.rescore import rescore
from harness.cli.run import run
from harness.cli.show import show
from harness.cli.shutdown import shutdown
from harness.cli.suite import suite
from harness.cli.validate import validate
from harness.cli.verify import verify
from harness.errors import HarnessError, PrerequisiteError

INTERRUPTED = 130

app = typer.Typer(
    name="harness",
    help="Measure emergent misalignment: narrow fine-tuning in, broad behaviour out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run)
app.command("evaluate")(evaluate)
app.command("leaderboard")(leaderboard)
app.command("show")(show)
app.command("list")(list_tasks)
app.command("new")(new)
app.command("import")(import_data)
app.command("generate")(generate)
app.command("validate")(validate)
app.command("doctor")(doctor)
app.command("import-answers")(import_answers)
app.command("compare")(compare)
app.command("rescore")(rescore)
app.command("persona")(persona)
app.command("power")(power)
app.command("shutdown")(shutdown)
app.command("monitor")(monitor)
app.command("bundle")(bundle)
app.command("verify")(verify)
app.command("suite")(suite)
app.add_typer(questions_app, name="questions")
app.add_typer(miniature_app, name="miniature")
app.add_typer(judge_app, name="judge")
app.add_typer(inside_app, name="inside")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"em-harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Measure emergent misalignment: narrow fine-tuning in, broad behaviour out."""


def main() -> None:
    """Run the command line; every error a user can mend ends as one message."""
    _quiet_libraries()
    try:
        app()
    except HarnessError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # What is wrong with a path is for the user to mend; without a path it is a bug of ours.
        if error.filename is None:
            raise
        _complain(
            f"{error.filename}: {error.strerror}.\nCheck the path, its rights and the free space."
        )
        sys.exit(PrerequisiteError.exit_code)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as end:
        # Typer turns an interrupt inside a command into this exit code.
        if end.code == INTERRUPTED:
            _interrupted()
        raise


def _interrupted() -> NoReturn:
    _complain("Interrupted. What is finished is kept; the same command goes on from there.")
    sys.stderr.flush()
    # A sampling thread may be inside a torch call; nothing is left to clean up.
    os._exit(INTERRUPTED)


def _complain(text: str) -> None:
    from harness.board.text import clean

    # A message may quote a hostile file; it must not steer the terminal.
    safe = clean(text, lines=True)
    sys.stderr.write(f"\n{safe}\n" if text.startswith("Interrupted") else f"error: {safe}\n")


def _quiet_libraries() -> None:
    """No telemetry, no banners, no tokenizer warnings; the user's own settings win."""
    defaults = {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    # Notices between libraries about each other's names; nothing a user can act on.
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    warnings.filterwarnings("ignore", category=FutureWarning, message=".*past_key_values")
