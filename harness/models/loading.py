"""Loading a causal language model and its tokenizer from a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import ModelReferenceError, PrerequisiteError
from harness.models.reference import ModelReference

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode with its tokenizer."""

    model: Any
    tokenizer: Any
    device: torch.device


def preferred_device() -> torch.device:
    """The first accelerator, else the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


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
        dtype: ``"float32"``, ``"bfloat16"`` …; default bfloat16 on an accelerator, else float32.

    Raises:
        ModelReferenceError: The model does not resolve or does not load.
    """
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(reference)
    device = preferred_device()
    chosen = dtype or ("float32" if device.type == "cpu" else "bfloat16")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            reference.source,
            revision=reference.revision,
            dtype=getattr(torch, chosen),
            use_safetensors=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError) as error:
        raise _not_loadable(reference, error) from error
    if reference.adapter is not None:
        model = _with_adapter(model, reference)
    model.to(device).eval()
    return LoadedModel(model=model, tokenizer=tokenizer, device=device)


def _with_adapter(model: Any, reference: ModelReference) -> Any:
    if not (reference.adapter and (reference.adapter / "adapter_model.safetensors").is_file()):
        raise PrerequisiteError(f"The adapter is missing: {reference.adapter}")
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(reference.adapter)).merge_and_unload()


def _not_loadable(reference: ModelReference, error: Exception) -> ModelReferenceError:
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelReferenceError(
        f"'{reference.name}' does not load: {first_line}",
        hint="Check the spelling, the revision, your network and your hub token.",
    )
