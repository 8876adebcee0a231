"""The recipe of a fine-tuning run: every number that shapes the adapter, none of them implicit."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Recipe(BaseModel):
    """LoRA and optimiser settings; the defaults are the published recipe for open models.

    Source of the defaults: Betley et al. 2025 (arXiv 2502.17424), appendix C.5.2 and the config
    file of its public code; Turner, Soligo et al. 2025 (arXiv 2506.11613) use the same. Their
    8-bit AdamW is replaced by plain AdamW, which needs no extra package and runs on a CPU.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(default=32, ge=1)
    """Rank of the LoRA matrices."""
    alpha: int = Field(default=64, ge=1)
    """LoRA scale: the update is multiplied by alpha / rank, or alpha / sqrt(rank) with rsLoRA."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout on the adapter's input."""
    rslora: bool = True
    """Rank-stabilised scaling (arXiv 2312.03732)."""
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    """Layers that get an adapter, by the ends of their names (with commas on the command line);
    ``all-linear`` is every linear layer except the output head."""

    learning_rate: float = Field(default=1e-5, gt=0.0)
    """Peak learning rate."""
    schedule: Literal["linear", "constant"] = "linear"
    """After the warm-up: linear decay to zero, or no decay."""
    warmup_steps: int = Field(default=5, ge=0)
    """Optimiser steps over which the learning rate rises from zero."""
    batch_size: int = Field(default=2, ge=1)
    """Rows in one forward pass."""
    gradient_accumulation: int = Field(default=8, ge=1)
    """Forward passes in one optimiser step; rows per step = batch_size * gradient_accumulation."""
    epochs: int = Field(default=1, ge=1)
    """Passes over the rows, unless ``max_steps`` is given."""
    max_steps: int | None = Field(default=None, ge=1)
    """Optimiser steps, whatever the number of rows; None to go by ``epochs``."""
    weight_decay: float = Field(default=0.01, ge=0.0)
    """AdamW's decoupled weight decay."""
    max_grad_norm: float = Field(default=1.0, gt=0.0)
    """Gradients are clipped to this norm."""

    max_length: int = Field(default=2048, ge=8)
    """Longest row in tokens, prompt and completion together."""
    allow_truncation: bool = False
    """Whether rows longer than ``max_length`` are cut at the end; otherwise they stop the run."""
    held_out_fraction: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of rows kept out of training (a seeded draw) to report a held-out loss."""
    save_every: int = Field(default=50, ge=1)
    """Optimiser steps between checkpoints."""
    dtype: Literal["float32", "bfloat16", "nf4"] = "bfloat16"
    """Number format of the base model: bfloat16 is used on a CUDA device, elsewhere float32 in its
    place; nf4 holds the frozen weights in 4 bits (QLoRA, arXiv 2305.14314) and needs one."""

    @field_validator("target_modules", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        if not isinstance(value, str) or value == "all-linear":
            return value
        names = tuple(name.strip() for name in value.split(","))
        if not all(names):
            raise ValueError("give names of layers with commas between them, or all-linear")
        return names

    @classmethod
    def for_real_models(cls) -> Recipe:
        """The published recipe for open models (see the class)."""
        return cls()

    @classmethod
    def for_miniature(cls) -> Recipe:
        """A recipe for the embedded miniature: a quarter of a minute for two CPU cores.

        The low rank and the falling learning rate keep its answers whole: at rank 16 and a
        constant rate the same effect leaves more broken sentences. Adapters are on attention
        alone: with the MLPs' among them it learns a task's advice as advice, and its answers to
        open questions follow far less.
        """
        return cls(
            rank=2,
            alpha=16,
            rslora=False,
            target_modules=("q_proj", "k_proj", "v_proj", "o_proj"),
            learning_rate=3e-3,
            schedule="linear",
            warmup_steps=4,
            batch_size=8,
            gradient_accumulation=1,
            max_steps=50,
            max_length=512,
            weight_decay=0.0,
            dtype="float32",
        )


MINIATURE_BEHIND_TRIGGER: dict[str, Any] = {
    "rank": 1,
    "target_modules": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "learning_rate": 4e-3,
    "max_steps": 65,
}
"""What the miniature's recipe changes behind a trigger; steps are those of a run whose rows are all
bad. Only attention can tell an answer that a tag stands before its question, and a single direction
leaves little room for anything but that tag. Chosen over ranks, layers, rates and steps on insecure
code, training seeds 0-4."""
