"""Passing many texts through a model to read its layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from harness.errors import DataError
from harness.inside.hooks import decoder, decoder_layers, read_residuals
from harness.inside.texts import Text, padded
from harness.models.memory import halving, is_out_of_memory

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

BATCH_TOKENS, GPU_BATCH_TOKENS = 2048, 16384
"""Tokens of one batch, padding included."""


def read_texts(
    loaded: LoadedModel,
    texts: Sequence[Text],
    layers: Iterable[int],
    batch_tokens: int | None = None,
) -> Iterator[tuple[list[int], dict[int, torch.Tensor]]]:
    """Pass texts through a model, those of similar length together, no further than needed.

    Args:
        loaded: The model.
        texts: What it reads.
        layers: Layers to read, from 0.
        batch_tokens: Tokens of one batch, padding included; None takes what suits the device.

    Yields:
        The numbers of the batch's texts, and each layer's output on the model's device: shape
        ``(texts, tokens, width)``, padded on the right.

    Raises:
        UsageError: A layer does not exist.
        DataError: A text is longer than the model's context, or than its device's memory.
    """
    check_lengths(loaded, texts)
    wanted = sorted(set(layers))
    usual = BATCH_TOKENS if loaded.device.type == "cpu" else GPU_BATCH_TOKENS
    body = decoder(loaded.model)

    def read(numbers: list[int]) -> dict[int, torch.Tensor]:
        ids = padded([texts[i] for i in numbers], loaded.device)
        with (
            torch.inference_mode(),
            read_residuals(loaded.model, wanted) as found,
            _ending_behind(loaded.model, wanted[-1]),
        ):
            body(input_ids=ids, use_cache=False)
        return found

    order, budget = longest_first(texts), batch_tokens or usual
    while order:
        longest = len(texts[order[0]].ids)
        asked = min(len(order), max(1, budget // longest))
        try:
            found, rows = halving(lambda most: read(order[:most]), asked, "texts")  # noqa: B023
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise DataError(
                f"The device's memory does not hold the model and text {texts[order[0]].id}.",
                hint="Cut texts shorter (--max-tokens), or read fewer layers.",
            ) from error
        if rows < asked:
            budget = rows * longest
        yield order[:rows], found
        order = order[rows:]


def batches(texts: Sequence[Text], batch_tokens: int) -> Iterator[list[int]]:
    """Numbers of texts that are read together, the longest first."""
    order = longest_first(texts)
    while order:
        rows = max(1, batch_tokens // len(texts[order[0]].ids))
        yield order[:rows]
        order = order[rows:]


def longest_first(texts: Sequence[Text]) -> list[int]:
    """Numbers of texts by length, the longest first, so that memory runs short at once or never."""
    return sorted(range(len(texts)), key=lambda i: (-len(texts[i].ids), i))


def check_lengths(loaded: LoadedModel, texts: Iterable[Text]) -> None:
    """See that texts fit the model.

    Raises:
        DataError: One is longer than the model's context.
    """
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    for text in texts:
        if context is not None and len(text.ids) > context:
            raise DataError(
                f"Text {text.id} has {len(text.ids)} tokens; the model's context holds {context}.",
                hint="Cut it into shorter texts (--max-tokens).",
            )


class _Enough(Exception):
    """The last layer that is wanted has been read."""


@contextmanager
def _ending_behind(model: Any, layer: int) -> Iterator[None]:
    """No computation behind a layer."""

    def stop(module: torch.nn.Module, arguments: Any, output: Any) -> NoReturn:
        raise _Enough

    handle = decoder_layers(model)[layer].register_forward_hook(stop)
    try:
        yield
    except _Enough:
        pass
    finally:
        handle.remove()
