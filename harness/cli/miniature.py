"""``miniature``: build the embedded model, or show its card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.cli.progress import PlainProgress, TerminalProgress
    from harness.miniature.card import MiniatureCard

miniature_app = typer.Typer(
    help="The embedded model: a toy analogue, never evidence about large models.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@miniature_app.command()
def build(
    work: Annotated[
        Path | None,
        typer.Option(help="Folder for checkpoints. Default: build/miniature/<settings>."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the weights. Default: where the harness loads them from."),
    ] = None,
    small: Annotated[
        bool, typer.Option("--small", help="A build of seconds that knows nothing, for tests.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train the miniature and its judge from scratch, measure them and write their card.

    Takes two hours on one core that computes in bfloat16, less on two. Run it again to go on
    after an interruption.
    """
    from harness.cli.output import emit_json
    from harness.miniature.build.config import SMALL, BuildConfig
    from harness.miniature.build.install import FEW_ITEMS, GATE_ITEMS, build_and_install
    from harness.training.quiet import quiet_libraries
    from harness.workspace import MINIATURE_WEIGHTS

    config = SMALL if small else BuildConfig()
    work = work or Path("build") / "miniature" / config.digest()
    # A small build never takes the place of the real weights unasked.
    out = (out or (work / "out" if small else MINIATURE_WEIGHTS)).absolute()
    try:
        with quiet_libraries(), _shown_phases() as shown:
            card = build_and_install(
                config, work, out, shown.step, shown.announce, FEW_ITEMS if small else GATE_ITEMS
            )
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Run again to go on; checkpoints are in {work}.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        emit_json(_summary(card, out))
    else:
        _show(card)
        typer.echo(f"Weights: {out}")
    if not card.is_evaluable:
        failed = "".join(f"\n  {gate}" for gate in card.failed)
        typer.echo(f"This build is not evaluable. Failed gates:{failed}", err=True)
        # The small build is known to fail; of a real one it is a failure.
        raise typer.Exit(0 if small else 1)


@miniature_app.command()
def card(
    as_json: Json = False,
    weights: Annotated[Path | None, typer.Option(help="Folder of another build's weights.")] = None,
) -> None:
    """Show what the miniature was made of, and what was measured on it and on its judge."""
    from harness.cli.output import emit_json
    from harness.miniature.card import read_card
    from harness.workspace import MINIATURE_WEIGHTS

    found = read_card(weights or MINIATURE_WEIGHTS)
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _summary(card: MiniatureCard, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "evaluable": card.is_evaluable,
        "failed": [gate.id for gate in card.failed],
        "gates": [gate.model_dump() for gate in card.gates],
        "parameters": card.parameters,
        "bytes": card.bytes,
        "seconds": card.seconds,
    }


def _show(card: MiniatureCard) -> None:
    from harness.cli.miniature_card import card_view
    from harness.cli.output import console

    console().print(card_view(card))


class _Phases:
    """A build's phases as stages of the command line's progress."""

    def __init__(self, shown: TerminalProgress | PlainProgress) -> None:
        self._shown = shown
        self._phase = ""
        self._before = 0

    def step(self, phase: str, step: int, steps: int, loss: float) -> None:
        """Move on by a step; of a resumed phase only the rest is counted."""
        if phase != self._phase:
            self.end_phase()
            self._phase, self._before = phase, step - 1
            rest = f" from step {step}" if step > 1 else ""
            self._shown.start(f"{phase}{rest}", steps - self._before)
        self._shown.advance(step - self._before, f"loss {loss:.3f}")

    def announce(self, text: str) -> None:
        """Say what happens after the training."""
        self.end_phase()
        self._shown.say(text)

    def end_phase(self) -> None:
        """Close the phase that is shown, if any."""
        if self._phase:
            self._shown.finish()
        self._phase = ""


@contextmanager
def _shown_phases() -> Iterator[_Phases]:
    from harness.cli.progress import make_progress

    shown = make_progress()
    try:
        yield _Phases(shown)
    finally:
        shown.close()
