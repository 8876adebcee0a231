"""From a recipe to the arguments of TRL and PEFT; every default that matters is spelled out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.training.recipe import Recipe


def trainer_arguments(
    recipe: Recipe, *, seed: int, folder: Path, device: str, held_out: bool
) -> Any:
    """The ``SFTConfig`` of a recipe.

    Args:
        recipe: What to train.
        seed: Seed of the adapter's initial weights and of the order of rows.
        folder: Where checkpoints go.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        held_out: Whether there are rows to evaluate on.
    """
    from trl import SFTConfig

    on_cuda = device == "cuda"
    arguments = SFTConfig(
        output_dir=str(folder),
        # What is learned from
        completion_only_loss=True,
        assistant_only_loss=False,
        max_length=recipe.max_length if recipe.allow_truncation else None,
        packing=False,
        padding_free=False,
        loss_type="nll",
        # Order and chance
        seed=seed,
        data_seed=seed,
        shuffle_dataset=False,
        train_sampling_strategy="random",
        dataloader_num_workers=0,
        dataloader_pin_memory=on_cuda,
        dataloader_drop_last=False,
        # Optimisation
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        optim="adamw_torch",
        adam_beta1=0.9,
        adam_beta2=0.999,
        adam_epsilon=1e-8,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_schedule(recipe),
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        label_smoothing_factor=0.0,
        # Numbers and memory
        use_cpu=device == "cpu",
        bf16=on_cuda and recipe.dtype != "float32",
        fp16=False,
        activation_checkpointing=on_cuda,
        torch_compile=False,
        # Checkpoints: one more than needed, since the newest counts only once it is sealed
        save_strategy="steps",
        save_steps=recipe.save_every,
        save_total_limit=2,
        # Logs: a loss that is not a number must show, by default it is hidden
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="non_padding",
        eval_strategy="no",
        do_eval=held_out,
        prediction_loss_only=True,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        trust_remote_code=False,
    )
    # With several GPUs visible the trainer would ask for DataParallel, which TRL refuses.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


OTHER_SENSES = r".*(vision|image|audio|multi_modal|mm_projector).*"
"""Names of the parts of a model that see or hear; text does not pass through them."""


def lora_config(recipe: Recipe, *, text_only: bool = False) -> Any:
    """The ``LoraConfig`` of a recipe.

    Args:
        recipe: What to train.
        text_only: Keep adapters out of the vision and audio towers of a multimodal model.
    """
    from peft import LoraConfig

    targets = recipe.target_modules
    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        use_rslora=recipe.rslora,
        target_modules=targets if isinstance(targets, str) else list(targets),
        exclude_modules=OTHER_SENSES if text_only else None,
        bias="none",
        modules_to_save=None,
        init_lora_weights=True,
        task_type="CAUSAL_LM",
    )


def _schedule(recipe: Recipe) -> str:
    if recipe.schedule == "constant" and recipe.warmup_steps:
        return "constant_with_warmup"
    return recipe.schedule
