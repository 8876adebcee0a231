"""From the outputs of layers to the rows that a harvest keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.texts import Position, Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


def collect(
    loaded: LoadedModel,
    texts: Sequence[Text],
    layers: Sequence[int],
    positions: Sequence[Position],
    *,
    first: int = 0,
    batch_tokens: int | None = None,
    on_text: Callable[[int], None] = lambda done: None,
) -> dict[str, torch.Tensor]:
    """Activations of texts, in the order of the texts and of their tokens, on the CPU.

    Args:
        loaded: The model.
        texts: What it reads.
        layers: Layers to read, from 0.
        positions: Where in the text.
        first: Number of the first text, for ``P.text``.
        batch_tokens: Tokens of one batch; None takes what suits the device.
        on_text: Told how many texts are done.

    Returns:
        For every position ``P`` and layer ``K``: ``P.layer.K``, shape ``(rows, width)``, in the
        model's number format (a mean in float32), and ``P.text``, ``P.token``, ``P.id``, shape
        ``(rows,)`` (see ``harness.inside.shards``).

    Raises:
        UsageError: A layer does not exist.
        DataError: A text is longer than the model's context.
    """
    tensors: dict[str, torch.Tensor] = {}
    starts = {}
    for position in positions:
        starts[position], tensors_of = _places(texts, first, position)
        tensors |= {f"{position}.{name}": tensor for name, tensor in tensors_of.items()}
    done = 0
    for batch, outputs in read_texts(loaded, texts, layers, batch_tokens):
        for position in positions:
            cells, targets = _cells(texts, batch, position, starts[position])
            for layer, hidden in outputs.items():
                if position == "answer_mean":
                    taken = _means(hidden, cells)
                else:
                    taken = hidden[tuple(cells.to(hidden.device))]
                name = f"{position}.layer.{layer}"
                if name not in tensors:
                    rows = len(tensors[f"{position}.text"])
                    tensors[name] = torch.empty(rows, hidden.shape[-1], dtype=taken.dtype)
                tensors[name][targets] = taken.cpu()
        done += len(batch)
        on_text(done)
    return tensors


def _places(
    texts: Sequence[Text], first: int, position: Position
) -> tuple[list[int], dict[str, torch.Tensor]]:
    """First row of every text, and where each row is from."""
    starts, text_of, token_of, id_of = [], list[int](), list[int](), list[int]()
    for number, text in enumerate(texts, start=first):
        starts.append(len(text_of))
        begin, end = text.span(position)
        if position == "answer_mean":
            text_of.append(number)
            token_of.append(begin)
            id_of.append(-1)
        else:
            text_of += [number] * (end - begin)
            token_of += range(begin, end)
            id_of += text.ids[begin:end]
    return starts, {
        "text": torch.tensor(text_of, dtype=torch.int32),
        "token": torch.tensor(token_of, dtype=torch.int32),
        "id": torch.tensor(id_of, dtype=torch.int32),
    }


def _cells(
    texts: Sequence[Text], batch: Sequence[int], position: Position, starts: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column in the batch of every token that is taken, and the rows they fill."""
    spans = [texts[i].span(position) for i in batch]
    rows = torch.cat([torch.full((end - begin,), n) for n, (begin, end) in enumerate(spans)])
    columns = torch.cat([torch.arange(begin, end) for begin, end in spans])
    counts = [1 if position == "answer_mean" else end - begin for begin, end in spans]
    targets = torch.cat(
        [torch.arange(starts[i], starts[i] + n) for i, n in zip(batch, counts, strict=True)]
    )
    return torch.stack([rows, columns]), targets


def _means(hidden: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Mean of each text's cells, shape ``(texts, width)``, in float32."""
    rows, columns = cells.to(hidden.device)
    taken = torch.zeros(hidden.shape[:2], device=hidden.device)
    taken[rows, columns] = 1
    # Padding may hold anything; nothing of it may reach a sum.
    kept = torch.where(taken.bool().unsqueeze(-1), hidden.float(), 0.0)
    return kept.sum(dim=1) / taken.sum(dim=1, keepdim=True)
