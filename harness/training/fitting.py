"""The part of training that needs torch, transformers, peft and trl."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from jinja2 import TemplateError
from transformers import PrinterCallback

from harness.data.rows import Row
from harness.errors import TrainError
from harness.models.chat_format import end_tokens, training_arguments
from harness.models.devices import preferred_device
from harness.models.identity import position_count
from harness.models.loading import LoadedModel, load_model
from harness.models.memory import free, is_out_of_memory
from harness.models.reference import ModelReference
from harness.training.arguments import lora_config, trainer_arguments
from harness.training.callbacks import Progress, Watch
from harness.training.checkpoints import newest_complete, step_of
from harness.training.mask_audit import MaskAudit, audit_masks
from harness.training.quiet import quiet_libraries
from harness.training.recipe import Recipe
from harness.training.trainers import trainer_for

logger = getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """A model with a freshly trained adapter, still in memory."""

    model: Any
    audit: MaskAudit
    losses: list[float]
    held_out_rows: int
    held_out_loss: float | None
    steps: int
    tokens: int
    device: str
    dtype: str
    batch_size: int
    resumed_from: int | None


def fit(
    *,
    reference: ModelReference,
    rows: Sequence[Row],
    recipe: Recipe,
    seed: int,
    checkpoints: Path,
    inputs: str,
    on_progress: Progress | None,
) -> Fitted:
    """Train, from the newest complete checkpoint if there is one.

    Where the device's memory runs out, as many rows go into a step in more and smaller forward
    passes, which changes the result by no more than rounding.

    Raises:
        TrainError: The mask audit refuses, the template refuses a row, the loss is not a number,
            or the device's memory does not hold the model and one row.
    """
    used = recipe
    while True:
        try:
            return _fit(reference, rows, used, seed, checkpoints, inputs, on_progress)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if used.batch_size == 1:
                raise TrainError(
                    f"The device's memory does not hold the model and one row: {error}",
                    hint="Lower max_length, use --dtype nf4, or use a smaller model.",
                ) from error
        # Outside the handler: the error's traceback would keep the tensors alive.
        free()
        used = _in_smaller_passes(used)
        logger.warning("Out of memory: going on with %d rows in a pass.", used.batch_size)


def _in_smaller_passes(recipe: Recipe) -> Recipe:
    """The same rows in a step, about half as many in one forward pass."""
    rows = recipe.batch_size
    smaller = next(size for size in range(rows // 2, 0, -1) if rows % size == 0)
    passes = recipe.gradient_accumulation * rows // smaller
    return recipe.model_copy(update={"batch_size": smaller, "gradient_accumulation": passes})


def _fit(
    reference: ModelReference,
    rows: Sequence[Row],
    recipe: Recipe,
    seed: int,
    checkpoints: Path,
    inputs: str,
    on_progress: Progress | None,
) -> Fitted:
    # Adam's moments of rare directions turn denormal, which slows a CPU several fold.
    torch.set_flush_denormal(True)
    with quiet_libraries():
        dtype = recipe.dtype
        if dtype == "bfloat16" and preferred_device().type != "cuda":
            dtype = "float32"
        loaded = load_model(reference, dtype=dtype)
        trainer = build_trainer(loaded, reference, rows, recipe, seed=seed, checkpoints=checkpoints)
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(Watch(inputs, on_progress))
        audit = audit_masks(
            dataset=trainer.train_dataset,
            collate=trainer.data_collator,
            tokenizer=loaded.tokenizer,
            stop_ids=end_tokens(loaded.tokenizer, loaded.model),
            rows=len(rows) - len(held_out_indices(len(rows), recipe.held_out_fraction, seed)),
            max_length=recipe.max_length,
            allow_truncation=recipe.allow_truncation,
            positions=position_count(reference),
            arguments=training_arguments(loaded.tokenizer),
        )
        checkpoint = newest_complete(checkpoints, inputs)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        held_out = trainer.evaluate()["eval_loss"] if trainer.eval_dataset else None
        state = trainer.state
        return Fitted(
            model=trainer.model,
            audit=audit,
            losses=[float(entry["loss"]) for entry in state.log_history if "loss" in entry],
            held_out_rows=len(trainer.eval_dataset) if trainer.eval_dataset else 0,
            held_out_loss=held_out,
            steps=int(state.global_step),
            tokens=int(state.num_input_tokens_seen),
            device=loaded.device.type,
            dtype=dtype,
            batch_size=recipe.batch_size,
            resumed_from=step_of(checkpoint) if checkpoint else None,
        )


def held_out_indices(total: int, fraction: float, seed: int) -> frozenset[int]:
    """The rows kept out of training: a draw that depends on nothing but these three numbers."""
    return frozenset(random.Random(seed).sample(range(total), round(total * fraction)))


def build_trainer(
    loaded: LoadedModel,
    reference: ModelReference,
    rows: Sequence[Row],
    recipe: Recipe,
    *,
    seed: int,
    checkpoints: Path,
) -> Any:
    """The TRL trainer with its tokenised rows and a fresh adapter on the model.

    Raises:
        TrainError: The chat template refuses a row.
    """
    _require_layers(loaded.model, recipe, reference.name)
    kept_out = held_out_indices(len(rows), recipe.held_out_fraction, seed)
    arguments = training_arguments(loaded.tokenizer)
    trained = [index for index in range(len(rows)) if index not in kept_out]
    train = _dataset(rows, trained, arguments)
    held_out = _dataset(rows, sorted(kept_out), arguments) if kept_out else None
    try:
        return trainer_for(loaded)(
            model=loaded.model,
            args=trainer_arguments(
                recipe,
                seed=seed,
                folder=checkpoints,
                device=loaded.device.type,
                held_out=bool(kept_out),
            ),
            train_dataset=train,
            eval_dataset=held_out,
            processing_class=loaded.tokenizer,
            peft_config=lora_config(recipe, text_only=_has_other_senses(loaded.model.config)),
        )
    except TemplateError as error:
        number = _first_refused(loaded.tokenizer, rows)
        raise TrainError(
            f"The chat template of '{reference.name}' refuses row {number}: {error}",
            hint="Remove what it does not know (often the system turn), or use another model.",
        ) from error


def _require_layers(model: Any, recipe: Recipe, name: str) -> None:
    """PEFT trains the layers it finds and says nothing of the others."""
    if isinstance(recipe.target_modules, str):
        return
    there = [f".{layer}" for layer, _ in model.named_modules()]
    for wanted in recipe.target_modules:
        if not any(layer.endswith(f".{wanted}") for layer in there):
            raise TrainError(
                f"'{name}' has no layer named {wanted}.",
                hint="Name others: --recipe target_modules=q_proj,layers.12.mlp.down_proj",
            )


def _has_other_senses(config: Any) -> bool:
    return any(getattr(config, f"{sense}_config", None) for sense in ("vision", "audio"))


def _dataset(rows: Sequence[Row], chosen: list[int], arguments: Mapping[str, bool]) -> Dataset:
    # The trainer hands this column to the chat template; an empty one has no type.
    extra = {"chat_template_kwargs": dict(arguments)} if arguments else {}
    return Dataset.from_list(
        [
            rows[index].model_dump(mode="json", include={"prompt", "completion"})
            | {"row": index}
            | extra
            for index in chosen
        ]
    )


def _first_refused(tokenizer: Any, rows: Sequence[Row]) -> int:
    for number, row in enumerate(rows, start=1):
        turns = [message.model_dump() for message in (*row.prompt, *row.completion)]
        try:
            tokenizer.apply_chat_template(turns, tokenize=False)
        except TemplateError:
            return number
    return 1
