"""What a model would be trained on, shown before any weight is loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.data.rows import Row
from harness.models.chat_format import end_tokens, training_arguments
from harness.models.identity import position_count
from harness.models.loading import LoadedModel, load_tokenizer
from harness.models.reference import ModelReference
from harness.training.mask_audit import MaskAudit, audit_masks
from harness.training.quiet import forbid_telemetry, quiet_libraries
from harness.training.recipe import Recipe


def preview_masks(reference: ModelReference, rows: Sequence[Row], recipe: Recipe) -> MaskAudit:
    """Run the trainer's own preparation on a few rows and audit their loss masks.

    Tokenizer, template and collator are the real ones; the weights, which do not matter for the
    masks, are a stand-in of a few numbers, so a model of billions costs nothing here.

    Raises:
        TrainError: The masks are wrong, a row is too long, or the template refuses one.
        ModelReferenceError: The model has no tokenizer or no chat template.
    """
    forbid_telemetry()
    import torch

    from harness.training.fitting import build_trainer

    with quiet_libraries(), tempfile.TemporaryDirectory(prefix="em-harness-") as folder:
        tokenizer = load_tokenizer(reference)
        loaded = LoadedModel(_stand_in(tokenizer), tokenizer, torch.device("cpu"))
        plain = recipe.model_copy(update={"held_out_fraction": 0.0, "rank": 1})
        trainer = build_trainer(
            loaded, reference, rows, plain, seed=0, checkpoints=Path(folder) / "checkpoints"
        )
        return audit_masks(
            dataset=trainer.train_dataset,
            collate=trainer.data_collator,
            tokenizer=tokenizer,
            stop_ids=end_tokens(tokenizer, loaded.model),
            rows=len(rows),
            max_length=recipe.max_length,
            allow_truncation=recipe.allow_truncation,
            positions=position_count(reference),
            arguments=training_arguments(tokenizer),
        )


def _stand_in(tokenizer: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return AutoModelForCausalLM.from_config(config)
