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
            spans = [texts[i].span(position) for i in batch]
            for layer, hidden in outputs.items():
                pieces = _pieces(hidden, spans, position)
                name = f"{position}.layer.{layer}"
                if name not in tensors:
                    rows = len(tensors[f"{position}.text"])
                    tensors[name] = torch.empty(rows, hidden.shape[-1], dtype=pieces[0].dtype)
                for i, piece in zip(batch, pieces, strict=True):
                    start = starts[position][i]
                    tensors[name][start : start + len(piece)] = piece
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


def _pieces(
    hidden: torch.Tensor, spans: Sequence[tuple[int, int]], position: Position
) -> Sequence[torch.Tensor]:
    """The rows of each text of a batch, on the CPU; as few copies as there can be."""
    if position == "answer_mean":
        return list(_means(hidden, spans).cpu().unsqueeze(1))
    if hidden.device.type == "cpu":
        return [hidden[n, begin:end] for n, (begin, end) in enumerate(spans)]
    # One transfer, of nothing but the wanted rows.
    counts = [end - begin for begin, end in spans]
    rows = torch.cat([torch.full((count,), n) for n, count in enumerate(counts)])
    columns = torch.cat([torch.arange(begin, end) for begin, end in spans])
    taken = hidden[rows.to(hidden.device), columns.to(hidden.device)].cpu()
    return list(torch.split(taken, counts))


def _means(hidden: torch.Tensor, spans: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Mean over each text's span, shape ``(texts, width)``, in float32."""
    shares = torch.zeros(hidden.shape[:2])
    for n, (begin, end) in enumerate(spans):
        shares[n, begin:end] = 1 / (end - begin)
    return torch.bmm(shares.unsqueeze(1).to(hidden.device), hidden.float()).squeeze(1)
