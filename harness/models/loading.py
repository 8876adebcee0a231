"""Loading a causal language model and its tokenizer from a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import ModelReferenceError, PrerequisiteError
from harness.models.devices import preferred_device
from harness.models.quantised import NF4, nf4_arguments
from harness.models.reference import ModelReference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode with its tokenizer."""

    model: Any
    tokenizer: Any
    device: torch.device


def load_tokenizer(reference: ModelReference) -> Any:
    """The tokenizer with a settled chat template (see ``harness.models.chat_format``).

    Raises:
        ModelReferenceError: The model has no tokenizer.
    """
    from transformers import AutoTokenizer

    from harness.models.chat_format import settle

    try:
        tokenizer = AutoTokenizer.from_pretrained(reference.source, revision=reference.revision)
    except (OSError, ValueError) as error:
        raise _not_loadable(reference, error) from error
    settle(tokenizer)
    return tokenizer


def load_model(reference: ModelReference, *, dtype: str | None = None) -> LoadedModel:
    """Load weights (safetensors only, no remote code) and the adapter on top, ready to sample.

    Args:
        reference: What to load.
        dtype: ``"float32"``, ``"bfloat16"`` …, or ``"nf4"`` for 4-bit weights; default bfloat16 on
            an accelerator, else float32.

    Raises:
        ModelReferenceError: The model does not resolve or does not load.
        PrerequisiteError: The device or what 4-bit weights need is not there.
    """
    import torch
    from transformers import AutoModelForCausalLM

    device = preferred_device()
    chosen = dtype or ("float32" if device.type == "cpu" else "bfloat16")
    quantised = {} if chosen != NF4 else nf4_arguments(device)
    tokenizer = load_tokenizer(reference)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            reference.source,
            revision=reference.revision,
            dtype=torch.bfloat16 if quantised else getattr(torch, chosen),
            use_safetensors=True,
            trust_remote_code=False,
            **quantised,
        )
    except (OSError, ValueError) as error:
        raise _not_loadable(reference, error) from error
    if reference.adapter is not None:
        # 4-bit weights cannot take an adapter in without rounding it away.
        model = _with_adapter(model, reference, merge=not quantised)
    if not quantised:
        model.to(device)
    model.eval()
    if device.type == "cpu":
        from harness.models.products import use_fast_products

        use_fast_products(model)
    return LoadedModel(model=model, tokenizer=tokenizer, device=device)


def _with_adapter(model: Any, reference: ModelReference, *, merge: bool) -> Any:
    if not (reference.adapter and (reference.adapter / "adapter_model.safetensors").is_file()):
        raise PrerequisiteError(f"The adapter is missing: {reference.adapter}")
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(model, str(reference.adapter))
    return adapted.merge_and_unload() if merge else adapted


def _not_loadable(reference: ModelReference, error: Exception) -> ModelReferenceError:
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelReferenceError(
        f"'{reference.name}' does not load: {first_line}",
        hint="Check the spelling, the revision, your network and your hub token.",
    )
