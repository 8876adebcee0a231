"""Mean activation of every latent in texts, as one model reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.sae.dictionary import Dictionary
from harness.inside.texts import Position, Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


def activity(
    dictionary: Dictionary,
    loaded: LoadedModel,
    texts: Sequence[Text],
    layer: int,
    position: Position,
    on_text: Callable[[int], None] = lambda done: None,
) -> torch.Tensor:
    """Mean activation of each latent over the tokens of each text, shape ``(texts, latents)``.

    Args:
        dictionary: The autoencoder.
        loaded: The model.
        texts: What it reads.
        layer: Where the autoencoder belongs.
        position: Which tokens are averaged; ``answer_mean`` means the same as ``answer``. The
            first token of a text is left out: it is the model's attention sink.
        on_text: Told how many texts are done.

    Raises:
        UsageError: The layer does not exist, or the widths differ.
    """
    found = torch.zeros(len(texts), dictionary.latents)
    done = 0
    for batch, outputs in read_texts(loaded, texts, [layer]):
        dictionary.check_width(int(outputs[layer].shape[-1]))
        spans = [texts[i].span(position) for i in batch]
        spans = [(a if b == 1 else max(a, 1), b) for a, b in spans]
        hidden = [row[a:b] for row, (a, b) in zip(outputs[layer], spans, strict=True)]
        activations = dictionary.encode(torch.cat(hidden)).float().cpu()
        parts = torch.split(activations, [len(part) for part in hidden])
        for place, part in zip(batch, parts, strict=True):
            found[place] = part.mean(dim=0)
        done += len(batch)
        on_text(done)
    return found
