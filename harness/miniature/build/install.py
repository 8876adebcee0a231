"""A whole build from settings to weights in place: train, measure, write the card, rename."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from harness.errors import PrerequisiteError
from harness.judging.rubric import rubric
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.judge import RUBRICS, RubricPrompts
from harness.miniature.build.loop import Progress
from harness.miniature.card import CARD_NAME, MiniatureCard, hash_files

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "em-harness")
GATE_ITEMS, FEW_ITEMS = 120, 20
CURVE_POINTS = 60
Announce = Callable[[str], None]


def build_and_install(
    config: BuildConfig,
    work: Path,
    out: Path,
    progress: Progress,
    announce: Announce,
    gate_items: int = GATE_ITEMS,
) -> MiniatureCard:
    """Build, measure and put the weights into ``out``, which is replaced whole or not at all.

    Run again after an interruption, it goes on from the last checkpoint in ``work``.

    Args:
        config: All settings.
        work: Folder for checkpoints; it belongs to one configuration.
        out: Folder that receives ``model/``, ``judge/`` and ``card.json``.
        progress: Called after every training step.
        announce: Called with a sentence when something other than training begins.
        gate_items: Size of the gates; fewer are quicker and coarser.

    Raises:
        PrerequisiteError: ``out`` cannot be written, or ``work`` belongs to other settings.
    """
    import torch

    from harness.miniature.build.build import build

    _recover(out)
    partial = _sibling(out, "partial")
    _prepare(partial, out)
    rubrics = RubricPrompts(*(rubric(name).prompt for name in RUBRICS))
    built = build(config, rubrics, work, partial, progress)
    started = time.monotonic()
    card = _measured(config, rubrics, partial, built.curves, announce, gate_items)
    seconds = {
        "training": built.seconds,
        "measuring": round(time.monotonic() - started, 1),
    }
    card = card.model_copy(update={"seconds": seconds, "threads": torch.get_num_threads()})
    card.write(partial)
    # safetensors writes files that only their owner can read; a wheel would keep that.
    for path in partial.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    _swap(partial, out)
    return card


def _measured(
    config: BuildConfig,
    rubrics: RubricPrompts,
    folder: Path,
    curves: dict[str, list[tuple[int, float]]],
    announce: Announce,
    gate_items: int,
) -> MiniatureCard:
    """The card of the exported folders; times are filled in by the caller."""
    from harness.miniature.build.corpus import count_corpus
    from harness.miniature.build.gates import model_gates
    from harness.miniature.build.judge_check import judge_figures, judge_gates
    from harness.models.loading import load_model
    from harness.models.reference import parse_reference

    files = hash_files(folder)
    model, judge = (load_model(parse_reference(str(folder / p))) for p in ("model", "judge"))
    announce("Measuring the competence gates")
    gates = model_gates(model, judge, gate_items)
    announce("Measuring the judge")
    figures = judge_figures(judge, config, gate_items * 5 // 2, gate_items // 3)
    announce("Counting the corpus")
    return MiniatureCard(
        config=config,
        config_digest=config.digest(),
        parameters=model.model.num_parameters(),
        judge_parameters=judge.model.num_parameters(),
        files=files,
        bytes=sum((folder / name).stat().st_size for name in files),
        rubrics={name: rubric(name).digest() for name in RUBRICS},
        corpus=count_corpus(config, model.tokenizer, rubrics),
        curves={name: thinned(curve) for name, curve in curves.items()},
        gates=(*gates, *judge_gates(figures)),
        judge=figures,
        seconds={},
        versions={name: version(name) for name in PACKAGES},
        threads=0,
    )


def _sibling(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")


def _recover(out: Path) -> None:
    """Put back weights that a kill between the two renames of ``_swap`` left aside."""
    old = _sibling(out, "old")
    if old.is_dir() and not out.exists():
        old.rename(out)


def _prepare(partial: Path, out: Path) -> None:
    """Fail now rather than after an hour of training."""
    present = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if out.is_file() or not present <= {"model", "judge", CARD_NAME}:
        raise PrerequisiteError(
            f"{out} holds something other than the miniature's weights.",
            hint="Give --out a folder that is empty or does not exist yet.",
        )
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise PrerequisiteError(
            f"{out.parent} cannot be written: {error}", hint="Give another folder with --out."
        ) from error


def _swap(partial: Path, out: Path) -> None:
    old = _sibling(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)
    partial.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def thinned(curve: list[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """At most so many points, evenly spread back from the last: weights and card share 16 MiB."""
    every = -(-len(curve) // CURVE_POINTS) if curve else 1
    return tuple(curve[::-1][::every][::-1])
