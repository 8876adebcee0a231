"""The logit lens: what a layer's residual stream would say if the model stopped there.

nostalgebraist 2020, "interpreting GPT: the logit lens" (LessWrong). The residual is put in the
place of the last layer's output, so that the model's own final norm, head, scaling and soft cap
apply, whatever the architecture calls them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from harness.inside.collecting import collect
from harness.inside.hooks import decoder_layers, edit_residuals
from harness.inside.texts import Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


def read_out(loaded: LoadedModel, residuals: torch.Tensor) -> torch.Tensor:
    """Log-probabilities of the next token that residuals stand for.

    Args:
        loaded: The model whose head reads them.
        residuals: Shape ``(rows, width)``.

    Returns:
        Shape ``(rows, vocabulary)``, float32, on the CPU, in nats.
    """
    last = len(decoder_layers(loaded.model)) - 1
    ids = torch.zeros(len(residuals), 1, dtype=torch.long, device=loaded.device)
    instead = {last: lambda hidden: residuals.to(hidden).unsqueeze(1)}
    with torch.inference_mode(), edit_residuals(loaded.model, instead):
        logits = loaded.model(input_ids=ids, use_cache=False).logits[:, -1]
    found: torch.Tensor = logits.float().log_softmax(dim=-1).cpu()
    return found


def prompt_residuals(
    loaded: LoadedModel, prompts: Sequence[Sequence[int]], layers: Sequence[int]
) -> dict[int, torch.Tensor]:
    """Each layer's output at the last token of prompts, from which the answer's first is drawn.

    Args:
        loaded: The model.
        prompts: Token ids.
        layers: Layers, from 0.

    Returns:
        Layer to residuals, shape ``(prompts, width)``, on the CPU.

    Raises:
        UsageError: A layer does not exist.
        DataError: A prompt is longer than the model's context.
    """
    # A text needs an answer; no prompt token sees what follows it.
    texts = [Text(str(n), (*p, p[-1]), len(p)) for n, p in enumerate(prompts)]
    rows = collect(loaded, texts, layers, ["last_prompt"])
    return {layer: rows[f"last_prompt.layer.{layer}"] for layer in layers}


def divergence(after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """``KL(after || before)`` of each row of two tables of log-probabilities, in nats: (rows,).

    Rounding can take the sum of two equal rows a hair below zero, where no divergence lies.
    """
    return (after.exp() * (after - before)).sum(dim=-1).clamp_min(0.0)
