"""From the outputs of layers to the rows that a harvest keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from harness.inside.passes import read_texts
from harness.inside.shard_writing import Shape
from harness.inside.texts import Position, Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel


class Sink(Protocol):
    """Where rows go."""

    def begin(self, shapes: Mapping[str, Shape]) -> None:
        """Told once, before the first row, what will come."""

    def put(self, name: str, first: int, rows: torch.Tensor) -> None:
        """Rows of one tensor, on the CPU, and the place of the first of them."""


def collect(
    loaded: LoadedModel,
    texts: Sequence[Text],
    layers: Sequence[int],
    positions: Sequence[Position],
    *,
    batch_tokens: int | None = None,
) -> dict[str, torch.Tensor]:
    """Activations of texts as tensors in memory; arguments, names and errors are ``pour``'s."""
    held = _Memory()
    pour(loaded, texts, layers, positions, held, batch_tokens=batch_tokens)
    return held.tensors


def pour(
    loaded: LoadedModel,
    texts: Sequence[Text],
    layers: Sequence[int],
    positions: Sequence[Position],
    sink: Sink,
    *,
    first: int = 0,
    batch_tokens: int | None = None,
    on_text: Callable[[int], None] = lambda done: None,
) -> None:
    """Read texts and hand over the activations, batch by batch.

    A tensor's rows are in the order of the texts and of their tokens; they come in another one.
    For every position ``P`` and layer ``K`` there is ``P.layer.K``, shape ``(rows, width)``, in the
    model's number format (a mean in float32), and ``P.text``, ``P.token``, ``P.id``, shape
    ``(rows,)`` (see ``harness.inside.shards``).

    Args:
        loaded: The model.
        texts: What it reads, at least one.
        layers: Layers to read, from 0.
        positions: Where in the text.
        sink: Where the rows go.
        first: Number of the first text, for ``P.text``.
        batch_tokens: Tokens of one batch; None takes what suits the device.
        on_text: Told how many texts are done.

    Raises:
        UsageError: A layer does not exist.
        DataError: A text is longer than the model's context.
    """
    starts: dict[Position, list[int]] = {}
    places: dict[str, torch.Tensor] = {}
    for position in positions:
        starts[position], where = _places(texts, first, position)
        places |= {f"{position}.{name}": tensor for name, tensor in where.items()}
    done = 0
    for batch, outputs in read_texts(loaded, texts, layers, batch_tokens):
        if not done:
            sink.begin(_shapes(places, outputs, positions))
            for name, tensor in places.items():
                sink.put(name, 0, tensor)
        for position in positions:
            spans = [texts[i].span(position) for i in batch]
            for layer, hidden in outputs.items():
                name = f"{position}.layer.{layer}"
                for i, piece in zip(batch, _pieces(hidden, spans, position), strict=True):
                    sink.put(name, starts[position][i], piece)
        done += len(batch)
        on_text(done)


class _Memory:
    """Tensors that are filled in memory."""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}

    def begin(self, shapes: Mapping[str, Shape]) -> None:
        self.tensors = {
            n: torch.empty(shape.size, dtype=shape.dtype) for n, shape in shapes.items()
        }

    def put(self, name: str, first: int, rows: torch.Tensor) -> None:
        self.tensors[name][first : first + len(rows)] = rows


def _shapes(
    places: Mapping[str, torch.Tensor],
    outputs: Mapping[int, torch.Tensor],
    positions: Sequence[Position],
) -> dict[str, Shape]:
    """Every tensor that the texts give."""
    found = {name: Shape(tuple(tensor.shape), tensor.dtype) for name, tensor in places.items()}
    for position in positions:
        rows = len(places[f"{position}.text"])
        for layer, hidden in outputs.items():
            dtype = torch.float32 if position == "answer_mean" else hidden.dtype
            found[f"{position}.layer.{layer}"] = Shape((rows, hidden.shape[-1]), dtype)
    return found


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
