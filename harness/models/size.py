"""How large a model is, from its config alone: nothing but ``config.json`` is read.

The architecture is laid out on torch's meta device, which holds shapes and no numbers, so the
count is that of the real model, whatever its family: tied embeddings, fused layers and experts
included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.errors import ModelReferenceError
from harness.models.reference import ModelReference

BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "nf4": 0.52}
"""Bytes per weight; nf4 with its doubly quantised scales (Dettmers et al. 2023, section 3)."""


@dataclass(frozen=True)
class ModelSize:
    """Counts of one architecture.

    Attributes:
        parameters: All of them.
        active: Those that one token passes through; fewer where experts take turns.
        linear: Weights of linear layers other than the output head: what 4-bit loading shrinks
            and LoRA attaches to.
        lora_per_rank: Trainable weights of an adapter on all of them, for each unit of rank.
        cache_values: Keys and values kept per token of text, at most.
        hidden: Width of a hidden state.
        layers: Number of layers.
        vocabulary: Tokens it can write.
    """

    parameters: int
    active: int
    linear: int
    lora_per_rank: int
    cache_values: int
    hidden: int
    layers: int
    vocabulary: int

    def weight_bytes(self, dtype: str) -> float:
        """Bytes of the weights in memory; 4-bit loading leaves embeddings and head at 16 bits."""
        if dtype != "nf4":
            return self.parameters * BYTES[dtype]
        return self.linear * BYTES["nf4"] + (self.parameters - self.linear) * BYTES["bfloat16"]


def model_size(reference: ModelReference) -> ModelSize:
    """Count a model before its weights are downloaded.

    Raises:
        ModelReferenceError: The config cannot be read or is of no known architecture.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(
            reference.source, revision=reference.revision, trust_remote_code=False
        )
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelReferenceError(
            f"The size of '{reference.name}' cannot be told from its config: {first}"
        ) from error
    return _count(model, config.get_text_config())


def _count(model: Any, config: Any) -> ModelSize:
    import torch

    head = model.get_output_embeddings()
    linear = [
        module
        for module in model.modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    ]
    total = sum(p.numel() for p in model.parameters())
    experts = sum(p.numel() for name, p in model.named_parameters() if ".experts." in name)
    number = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    used = getattr(config, "num_experts_per_tok", None)
    idle = int(experts * (1 - used / number)) if experts and number and used else 0
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return ModelSize(
        parameters=total,
        active=total - idle,
        linear=sum(module.weight.numel() for module in linear),
        lora_per_rank=sum(module.in_features + module.out_features for module in linear),
        cache_values=2 * config.num_hidden_layers * heads * width,
        hidden=config.hidden_size,
        layers=config.num_hidden_layers,
        vocabulary=config.vocab_size,
    )
