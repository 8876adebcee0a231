"""``inside``: what the bad training changed inside the model, and whether that is the cause."""

from __future__ import annotations

import typer

from harness.cli.inside.ablate import ablate
from harness.cli.inside.direction import direction
from harness.cli.inside.drift import drift
from harness.cli.inside.elsewhere import elsewhere
from harness.cli.inside.harvest import harvest
from harness.cli.inside.label import label
from harness.cli.inside.lens import lens
from harness.cli.inside.rank import rank
from harness.cli.inside.report import report
from harness.cli.inside.sae import sae
from harness.cli.inside.scalars import scalars
from harness.cli.inside.screen import screen
from harness.cli.inside.steer import steer
from harness.cli.inside.study import study
from harness.cli.inside.transfer import transfer
from harness.cli.inside.warn import warn

inside_app = typer.Typer(no_args_is_help=True, help="Look inside the models of a recorded run.")


@inside_app.callback()
def inside() -> None:
    """Look inside the models of a recorded run."""


inside_app.command("harvest")(harvest)
inside_app.command("report")(report)
inside_app.command("direction")(direction)
inside_app.command("ablate")(ablate)
inside_app.command("warn")(warn)
inside_app.command("lens")(lens)
inside_app.command("scalars")(scalars)
inside_app.command("sae")(sae)
inside_app.command("rank")(rank)
inside_app.command("screen")(screen)
inside_app.command("elsewhere")(elsewhere)
inside_app.command("study")(study)
inside_app.command("steer")(steer)
inside_app.command("transfer")(transfer)
inside_app.command("drift")(drift)
inside_app.command("label")(label)
