"""How well a sparse autoencoder renders a model: variance explained, dead latents, loss recovered.

A base model's autoencoder is used on fine-tuned models, too; whether it still fits there is
measured and not taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.inside.hooks import Edit, edit_residuals
from harness.inside.passes import batches, read_texts
from harness.inside.sae.dictionary import Dictionary, splice
from harness.inside.texts import Text, padded

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

LOSS_TOKENS = 4096
"""Tokens of a batch when losses are taken: logits are wide."""


@dataclass(frozen=True)
class Rendering:
    """What an autoencoder makes of the answer tokens of some texts in one model.

    Attributes:
        rows: Tokens.
        explained: ``1 - sum |x - x'|^2 / sum |x - mean x|^2`` over all tokens; None without any
            variance.
        fires: Latents that fire at a token, on average.
        residual_norm: Mean norm of the residual stream at these tokens.
        mean: Mean residual, shape ``(width,)``, float32.
        firing: Share of the tokens at which each latent fires, shape ``(latents,)``.
        largest: Largest activation of each latent, shape ``(latents,)``.
    """

    rows: int
    explained: float | None
    fires: float
    residual_norm: float
    mean: torch.Tensor
    firing: torch.Tensor
    largest: torch.Tensor


@dataclass(frozen=True)
class Losses:
    """Next-token losses of a model on texts, nats per token, by what stands in for one layer.

    Attributes:
        tokens: Tokens predicted.
        untouched: The layer as it is.
        spliced: The autoencoder's reconstruction.
        averaged: Everywhere the layer's mean; what remains when it says nothing.
    """

    tokens: int
    untouched: float
    spliced: float
    averaged: float

    @property
    def recovered(self) -> float | None:
        """``(averaged - spliced) / (averaged - untouched)``; None if the layer changes nothing."""
        room = self.averaged - self.untouched
        return (self.averaged - self.spliced) / room if room > 0 else None


def render(
    dictionary: Dictionary,
    loaded: LoadedModel,
    texts: Sequence[Text],
    layer: int,
    on_text: Callable[[int], None] = lambda done: None,
) -> Rendering:
    """Measure an autoencoder on the answer tokens of texts, as one model reads them.

    Raises:
        UsageError: The layer does not exist, or the widths differ.
    """
    latents, width = dictionary.latents, dictionary.width
    fired, largest = torch.zeros(latents), torch.zeros(latents)
    total = torch.zeros(width, dtype=torch.float64)
    squares = missed = norms = 0.0
    rows = done = 0
    for batch, outputs in read_texts(loaded, texts, [layer]):
        dictionary.check_width(int(outputs[layer].shape[-1]))
        hidden = _answers(outputs[layer], texts, batch)
        activations = dictionary.encode(hidden)
        rebuilt = dictionary.reconstruct(hidden)
        total += hidden.double().sum(dim=0).cpu()
        squares += float(hidden.double().pow(2).sum())
        missed += float((hidden - rebuilt).double().pow(2).sum())
        norms += float(hidden.norm(dim=-1).sum())
        fired += (activations > 0).sum(dim=0).cpu()
        largest = torch.maximum(largest, activations.amax(dim=0).float().cpu())
        rows += len(hidden)
        done += len(batch)
        on_text(done)
    variance = squares - float(total.pow(2).sum()) / rows
    return Rendering(
        rows=rows,
        explained=1 - missed / variance if variance > 0 else None,
        fires=float(fired.sum()) / rows,
        residual_norm=norms / rows,
        mean=(total / rows).float(),
        firing=fired / rows,
        largest=largest,
    )


def losses(
    dictionary: Dictionary,
    loaded: LoadedModel,
    texts: Sequence[Text],
    layer: int,
    mean: torch.Tensor,
) -> Losses:
    """Next-token losses on texts with a layer as it is, rebuilt, and averaged away.

    The first token keeps its own residual in all three (see ``splice``).

    Args:
        dictionary: The autoencoder.
        loaded: The model.
        texts: What it reads.
        layer: Where the autoencoder belongs.
        mean: Mean residual of that layer, shape ``(width,)``.
    """

    def averaged(hidden: torch.Tensor) -> torch.Tensor:
        flat = mean.to(hidden.device, hidden.dtype).expand_as(hidden[:, 1:])
        return torch.cat([hidden[:, :1], flat], dim=1)

    found = [_loss(loaded, texts, layer, edit) for edit in (None, splice(dictionary), averaged)]
    tokens = sum(len(text.ids) - 1 for text in texts)
    untouched, spliced, flat = (value / tokens for value in found)
    return Losses(tokens, untouched, spliced, flat)


@torch.inference_mode()
def _loss(loaded: LoadedModel, texts: Sequence[Text], layer: int, edit: Edit | None) -> float:
    """Sum of the next-token losses of texts, in nats."""
    total = 0.0
    with edit_residuals(loaded.model, {layer: edit}) if edit is not None else nullcontext():
        for batch in batches(texts, LOSS_TOKENS):
            chosen = [texts[i] for i in batch]
            ids = padded(chosen, loaded.device)
            logits = loaded.model(input_ids=ids, use_cache=False).logits[:, :-1].float()
            nats = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), ids[:, 1:], reduction="none"
            )
            for row, text in zip(nats, chosen, strict=True):
                total += float(row[: len(text.ids) - 1].double().sum())
    return total


def _answers(hidden: torch.Tensor, texts: Sequence[Text], batch: Sequence[int]) -> torch.Tensor:
    """The answer tokens of a batch, shape ``(rows, width)``, float32."""
    spans = [texts[i].span("answer") for i in batch]
    parts = [row[a:b] for row, (a, b) in zip(hidden, spans, strict=True)]
    return torch.cat(parts).float()
