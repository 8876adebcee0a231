"""Train one LoRA adapter: finished work is reused, interrupted work resumed, bit for bit."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.data.rows import Row
from harness.errors import TrainError
from harness.models.reference import ModelReference
from harness.training.quiet import forbid_telemetry
from harness.training.recipe import Recipe
from harness.training.record import (
    ADAPTER_FOLDER,
    TrainingRecord,
    TrainingResult,
    base_model_name,
    inputs_hash,
    read_finished,
    write_record,
)

CHECKPOINT_FOLDER = "checkpoints"
RECORDED_PACKAGES = ("torch", "transformers", "peft", "trl")


def train_adapter(
    *,
    reference: ModelReference,
    rows: Sequence[Row],
    recipe: Recipe,
    seed: int,
    out: Path,
    on_progress: Callable[[int, int, float | None], None] | None = None,
) -> TrainingResult:
    """Fine-tune a LoRA adapter on prompt/completion rows, with loss on the completions only.

    On a CPU the adapter is a function of model, rows, recipe, seed, library versions and thread
    count, whether the training was interrupted or not. Global random state is set by the call.

    Args:
        reference: The base model; it may not carry an adapter.
        rows: What to train on.
        recipe: All settings.
        seed: Seed of the adapter's initial weights, the order of rows and the held-out draw.
        out: Folder that receives ``adapter/`` and ``training.json``; while training also
            ``checkpoints/``.
        on_progress: Called with (step, steps, loss) at the start (loss None) and after each step.

    Returns:
        The adapter's folder and the record of its training.

    Raises:
        TrainError: There are no rows, the mask audit refuses, the loss is not a number, memory
            runs out, or ``out`` holds another training.
        ModelReferenceError: The model does not load.
    """
    started = time.monotonic()
    _check(reference, rows, recipe)
    inputs = inputs_hash(reference, rows, recipe, seed)
    finished = read_finished(out, inputs)
    if finished is not None:
        shutil.rmtree(out / CHECKPOINT_FOLDER, ignore_errors=True)
        return TrainingResult(adapter=out / ADAPTER_FOLDER, record=finished, reused=True)
    forbid_telemetry()
    from harness.training.adapter import write_adapter
    from harness.training.fitting import fit

    fitted = fit(
        reference=reference,
        rows=rows,
        recipe=recipe,
        seed=seed,
        checkpoints=out / CHECKPOINT_FOLDER,
        inputs=inputs,
        on_progress=on_progress,
    )
    base = base_model_name(reference)
    digest = write_adapter(
        fitted.model, out / ADAPTER_FOLDER, base_model=base, revision=reference.revision
    )
    record = TrainingRecord(
        inputs_hash=inputs,
        base_model=base,
        revision=reference.revision,
        recipe=recipe,
        seed=seed,
        rows=fitted.audit.rows,
        held_out_rows=fitted.held_out_rows,
        steps=fitted.steps,
        losses=fitted.losses,
        held_out_loss=fitted.held_out_loss,
        tokens=fitted.tokens,
        audit=fitted.audit,
        adapter_sha256=digest,
        device=fitted.device,
        dtype=fitted.dtype,
        batch_size=fitted.batch_size,
        seconds=round(time.monotonic() - started, 3),
        resumed_from=fitted.resumed_from,
        versions={name: version(name) for name in RECORDED_PACKAGES},
    )
    write_record(out, record)
    shutil.rmtree(out / CHECKPOINT_FOLDER, ignore_errors=True)
    return TrainingResult(adapter=out / ADAPTER_FOLDER, record=record, reused=False)


def _check(reference: ModelReference, rows: Sequence[Row], recipe: Recipe) -> None:
    if not rows:
        raise TrainError("There are no rows to train on.", hint="Check the data file.")
    if len(rows) - round(len(rows) * recipe.held_out_fraction) < 1:
        raise TrainError("All rows are held out.", hint="Lower held_out_fraction.")
    if reference.adapter is not None:
        # A second adapter on top of a first would be saved without the first and so mean nothing.
        raise TrainError(
            f"'{reference.name}' already carries an adapter.",
            hint="Train on its base model, or merge the adapter into the weights first.",
        )
