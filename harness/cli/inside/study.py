"""``inside study``: every step of looking inside, in order, and the page of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.inside.harvest import RunArgument
from harness.cli.options import Json, Results
from harness.runs.progress import Silent

if TYPE_CHECKING:
    from harness.runs.inside.ahead import Hand
    from harness.runs.inside.screening.choosing import Numbers
    from harness.runs.inside.subjects import Subjects
    from harness.runs.progress import Progress


MOST_TEXTS, MOST_TOKENS = 2400, 256
"""Of the autoencoder's corpus."""
LABEL_TEXTS = 400
"""Texts of it that are read for contexts."""
LABELLED = 10
"""Rising latents that get their evidence at least, screened or not."""


@dataclass(frozen=True)
class Step:
    """One verb of a study.

    Attributes:
        verb: Its name on the command line.
        do: Does it; what it finds lies in the run's folder.
        optional: Whether a study goes on where this step's needs are not met.
    """

    verb: str
    do: Callable[[Subjects, Progress], object]
    optional: bool = False


def study(
    run: RunArgument,
    top: Annotated[
        int, typer.Option(min=1, help="Latents to screen; the control's and nulls in proportion.")
    ] = 8,
    samples: Annotated[
        int, typer.Option(min=1, help="Answers to each question in the screen's estimates.")
    ] = 12,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="What the sparse autoencoder reads: a file or folder of text or JSONL, or "
            "org/name@COMMIT. [default: the miniature's world; others must name one]"
        ),
    ] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Directions, sparse autoencoder, ranking, causal screen, labels, other runs, and the page.

    Every step with its defaults; each of them is a verb of its own with more options. What is
    done is not done again, and a killed study goes on where it was. Other runs and the dose sweep
    are read where the results folder holds them.
    """
    import time

    from harness.cli.inside.report import write_report
    from harness.cli.output import console, emit_json, stderr_console
    from harness.cli.progress import make_progress
    from harness.runs.inside.ahead import second_hand
    from harness.runs.inside.subjects import resolve_subjects
    from harness.workspace import Workspace

    subjects = resolve_subjects(run, Workspace.here(results))
    _check_needs(subjects, corpus)
    stderr_console().print(f"study of {subjects.record.run_id}", markup=False)
    seconds: dict[str, float] = {}
    skipped: dict[str, str] = {}
    with closing(make_progress()) as progress, second_hand(subjects) as hand:
        steps = _steps(top, samples, corpus, hand)
        for number, step in enumerate(steps, start=1):
            progress.say(f"{number} of {len(steps)}: {step.verb}")
            started = time.monotonic()
            _do(step, subjects, progress, skipped)
            seconds[step.verb] = round(time.monotonic() - started, 2)
            progress.say(f"{step.verb}: {seconds[step.verb]} s")
    page, headline, _ = write_report(subjects.record.run_id, None, subjects.store.results)
    if json_output:
        emit_json(_summary(subjects, page, headline, seconds, skipped))
        return
    shown = console()
    if headline:
        shown.print(headline, markup=False)
    for verb, why in skipped.items():
        shown.print(f"without {verb}: {why}", style="dim", markup=False)
    took = ", ".join(f"{verb} {value:.0f} s" for verb, value in seconds.items())
    shown.print(f"{sum(seconds.values()):.0f} s ({took})", style="dim", markup=False)
    shown.print(str(page), markup=False)


def _check_needs(subjects: Subjects, corpus: str | None) -> None:
    """Miss what only later steps need now, not after minutes of work."""
    from importlib.util import find_spec

    from harness.cli.inside.sae import usual_corpus
    from harness.inside.sae.library import sae_lens
    from harness.runs.inside.corpus import CorpusRequest, open_corpus

    with open_corpus(CorpusRequest(corpus or usual_corpus(subjects)), None):
        pass
    if find_spec("sae_lens") is None and (corpus is not None or not _has_sae(subjects)):
        sae_lens()  # says what is missing and how to get it


def _do(step: Step, subjects: Subjects, progress: Progress, skipped: dict[str, str]) -> None:
    from harness.errors import DataError, PrerequisiteError

    try:
        step.do(subjects, progress)
    except (PrerequisiteError, DataError) as error:
        if not step.optional:
            raise
        skipped[step.verb] = error.message
        progress.say(f"without {step.verb}: {error.message}")


def _summary(
    subjects: Subjects,
    page: Path,
    headline: str | None,
    seconds: dict[str, float],
    skipped: dict[str, str],
) -> dict[str, Any]:
    return {
        "run_id": subjects.record.run_id,
        "html": str(page),
        "headline": headline,
        "seconds": seconds,
        "skipped": skipped,
    }


def _steps(top: int, samples: int, corpus: str | None, hand: Hand) -> list[Step]:
    """Every step; a second process, if there is one, begins with what needs no direction."""
    trained = hand.start(_sae, corpus, Silent())
    ranked = hand.start(_rank, Silent())
    hand.start(_screen_ahead, top, samples)

    def sae(subjects: Subjects, progress: Progress) -> None:
        trained()
        _sae(subjects, corpus, progress)

    def rank(subjects: Subjects, progress: Progress) -> None:
        ranked()
        _rank(subjects, progress)

    return [
        Step("direction", _direction, optional=True),
        Step("ablate", _ablate, optional=True),
        Step("steer", _steer, optional=True),
        Step("drift", _drift),
        Step("sae", sae),
        Step("rank", rank),
        Step("screen", lambda subjects, progress: _screen(subjects, top, samples, progress, hand)),
        Step("label", lambda subjects, progress: _label(subjects, top, corpus, progress)),
        Step("elsewhere", lambda subjects, progress: _elsewhere(subjects, top, progress), True),
        Step("warn", _warn, optional=True),
    ]


def _direction(subjects: Subjects, progress: Progress) -> None:
    from harness.cli.inside.ablate import known_directions

    known_directions(subjects, "bad", progress)


def _ablate(subjects: Subjects, progress: Progress) -> None:
    from harness.cli.inside.ablate import known_directions
    from harness.runs.inside.causing.ablate import ablate, known_causal
    from harness.runs.inside.causing.record import ABLATE
    from harness.runs.inside.causing.settings import CausalSettings

    directions = known_directions(subjects, "bad", progress)
    if known_causal(subjects, ABLATE, directions) is None:
        ablate(subjects, directions, CausalSettings(samples=4, draws=2), progress)


def _steer(subjects: Subjects, progress: Progress) -> None:
    from harness.cli.inside.ablate import known_directions
    from harness.runs.inside.causing.ablate import known_causal
    from harness.runs.inside.causing.record import STEER
    from harness.runs.inside.causing.steer import SteerSettings, steer

    directions = known_directions(subjects, "bad", progress)
    if known_causal(subjects, STEER, directions) is None:
        settings = SteerSettings(samples=8, search_samples=3, draws=2)
        steer(subjects, directions, settings, progress)


def _drift(subjects: Subjects, progress: Progress) -> None:
    from harness.runs.inside.drifting.measure import measure_drift

    measure_drift(subjects, progress)


def _has_sae(subjects: Subjects) -> bool:
    from harness.errors import HarnessError
    from harness.runs.inside.latents.ranking import open_sae

    try:
        open_sae(subjects)
    except HarnessError:  # none yet, or not on this machine
        return False
    return True


def _sae(subjects: Subjects, corpus: str | None, progress: Progress) -> None:
    from harness.cli.inside.sae import usual_corpus
    from harness.inside.sae.training import SaeSettings
    from harness.runs.inside.corpus import CorpusRequest
    from harness.runs.inside.latents.training import SaeRequest, make_sae

    if corpus is None and _has_sae(subjects):
        progress.say("the run has its autoencoder")
        return
    name = corpus or usual_corpus(subjects)
    read = CorpusRequest(name, most_texts=MOST_TEXTS, most_tokens=MOST_TOKENS)
    make_sae(subjects, SaeRequest(read, SaeSettings()), progress)


def _rank(subjects: Subjects, progress: Progress) -> None:
    from harness.runs.inside.latents.done import known_rank
    from harness.runs.inside.latents.ranking import RankRequest, rank_latents

    if known_rank(subjects) is None:
        rank_latents(subjects, RankRequest(), progress)


def _screen(subjects: Subjects, top: int, samples: int, progress: Progress, hand: Hand) -> None:
    from harness.cli.inside.screen import run_screen
    from harness.runs.inside.screening.measure import Options

    run_screen(subjects, _numbers(top), Options(samples=samples), progress, hand)


def _screen_ahead(subjects: Subjects, top: int, samples: int) -> None:
    from harness.cli.inside.screen import choose_ground
    from harness.runs.inside.screening.measure import Options, search_ahead

    ground = choose_ground(subjects, _numbers(top), Silent())
    search_ahead(subjects, ground, Options(samples=samples))


def _label(subjects: Subjects, top: int, corpus: str | None, progress: Progress) -> None:
    from harness.cli.inside.sae import usual_corpus
    from harness.runs.inside.corpus import WORLD, CorpusRequest
    from harness.runs.inside.latents.done import known_label
    from harness.runs.inside.latents.labelling import LabelRequest, label_latents

    rising, falling = max(LABELLED, top), max(1, top // 4)
    if known_label(subjects, rising, falling) is not None:
        return
    name = corpus or usual_corpus(subjects)
    read = CorpusRequest(name, most_texts=LABEL_TEXTS, most_tokens=MOST_TOKENS)
    known = WORLD if subjects.base.reference.is_miniature else None
    request = LabelRequest(read, rising, falling, known=known)
    label_latents(subjects, request, progress)


def _elsewhere(subjects: Subjects, top: int, progress: Progress) -> None:
    from harness.cli.inside.elsewhere import run_elsewhere

    run_elsewhere(subjects, _numbers(top), progress)


def _numbers(top: int) -> Numbers:
    from harness.runs.inside.screening.choosing import Numbers

    few = min(3, top)
    return Numbers(rising=top, falling=top // 4, control=few, matched=few, random=few)


def _warn(subjects: Subjects, progress: Progress) -> None:
    from harness.cli.inside.warn import run_warn

    run_warn(subjects, None, progress)
