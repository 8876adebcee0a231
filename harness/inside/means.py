"""Mean residuals over the tokens of an answer: one row per text and layer, and no more kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.texts import Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


@dataclass(frozen=True)
class Means:
    """What was read of some texts.

    Attributes:
        residuals: Mean over each answer's tokens, float32 on the CPU, shape
            ``(texts, layers, width)``.
        norms: Mean norm of one answer token's residual, by layer, shape ``(layers,)``: the unit in
            which a strength can be compared between models.
    """

    residuals: torch.Tensor
    norms: torch.Tensor


def answer_means(
    loaded: LoadedModel,
    texts: Sequence[Text],
    layers: Sequence[int],
    *,
    on_text: Callable[[int], None] = lambda done: None,
) -> Means:
    """Read the residuals of every answer at the given layers.

    Args:
        loaded: Whose residuals.
        texts: What it reads, at least one.
        layers: Layers, from 0.
        on_text: Told how many texts are done.

    Raises:
        DataError: A text is longer than the model's context.
        UsageError: A layer does not exist.
    """
    means: torch.Tensor | None = None
    norms, tokens, done = torch.zeros(len(layers), dtype=torch.float64), 0, 0
    for batch, found in read_texts(loaded, texts, layers):
        inside = torch.zeros(found[layers[0]].shape[:2], dtype=torch.bool, device=loaded.device)
        for place, i in enumerate(batch):
            inside[place, slice(*texts[i].span("answer"))] = True
        lengths = inside.sum(dim=1)
        # One layer at a time: all of them in float32 may not fit.
        for at, layer in enumerate(layers):
            # Padding may hold anything; nothing of it may reach a sum.
            read = torch.where(inside.unsqueeze(-1), found[layer].float(), 0.0)
            if means is None:
                means = torch.empty(len(texts), len(layers), read.shape[-1])
            means[batch, at] = (read.sum(dim=1) / lengths.unsqueeze(-1)).cpu()
            norms[at] += float(read.norm(dim=-1).sum())
        tokens += int(lengths.sum())
        done += len(batch)
        on_text(done)
    assert means is not None  # there is a text
    return Means(means, (norms / tokens).float())
