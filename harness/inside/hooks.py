"""The residual stream of any causal language model, read and edited by plain torch hooks.

Layer ``k`` means the output of decoder layer ``k``, counted from 0: what the next layer reads. A
decoder layer returns a tensor, or in older models a tuple that begins with one; both are handled.
A model carries no hook outside of a ``with`` block, so looking inside costs nothing when it is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from harness.errors import ModelReferenceError, UsageError

Edit = Callable[[torch.Tensor], torch.Tensor]
"""From a layer's output, shape ``(rows, tokens, width)``, to what takes its place."""


def decoder_layers(model: Any) -> Sequence[torch.nn.Module]:
    """The decoder layers of a causal language model, first to last.

    Adapters of PEFT and the language part of models that also see are looked through.

    Raises:
        ModelReferenceError: The model is not built of a list of layers.
    """
    body = decoder(model)
    depth = body.config.get_text_config().num_hidden_layers
    lists = [
        (name, module)
        for name, module in body.named_modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == depth
    ]
    if not lists:
        raise ModelReferenceError(
            f"No list of {depth} decoder layers is found in {type(body).__name__}.",
            hint="Looking inside needs a decoder-only transformer.",
        )
    # The shallowest: experts and other lists lie inside the layers.
    return list(min(lists, key=lambda found: found[0].count("."))[1])


def decoder(model: Any) -> Any:
    """The model without its output head and without what lets it see: layers and embeddings."""
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    return plain.get_decoder() if hasattr(plain, "get_decoder") else plain


def check_layers(layers: Iterable[int], depth: int) -> None:
    """See that the layers exist.

    Raises:
        UsageError: One does not.
    """
    for layer in layers:
        if not 0 <= layer < depth:
            raise UsageError(
                f"There is no layer {layer}: the model has {depth} layers.",
                hint=f"Layers are counted from 0; the last one is {depth - 1}.",
            )


@contextmanager
def read_residuals(model: Any, layers: Iterable[int]) -> Iterator[dict[int, torch.Tensor]]:
    """Read layers during every forward pass of the block.

    Args:
        model: A Transformers causal language model, with or without a PEFT adapter.
        layers: Layers to read, from 0.

    Yields:
        A dict that holds, after each forward pass, the output of each layer: shape
        ``(rows, tokens, width)``, on the model's device and in its number format. The next pass
        replaces them.

    Raises:
        UsageError: A layer does not exist.
    """
    found: dict[int, torch.Tensor] = {}

    def reader(layer: int) -> Callable[..., None]:
        def read(module: torch.nn.Module, arguments: Any, output: Any) -> None:
            found[layer] = _hidden(output).detach()

        return read

    with _hooked(model, {layer: reader(layer) for layer in layers}):
        yield found


@contextmanager
def edit_residuals(model: Any, edits: Mapping[int, Edit]) -> Iterator[None]:
    """Edit layers during every forward pass of the block, e.g. while answers are sampled.

    With cached decoding every position passes once: the prompt's in the first pass, then one
    token at a time; each is edited exactly once. Editing nothing hooks nothing. Where a layer is
    both read and edited, a reading block opened inside the editing block sees the edited stream.

    Args:
        model: A Transformers causal language model, with or without a PEFT adapter.
        edits: Layer, from 0, to its edit (see ``harness.inside.edits``).

    Raises:
        UsageError: A layer does not exist.
    """

    def editor(edit: Edit) -> Callable[..., Any]:
        def rewrite(module: torch.nn.Module, arguments: Any, output: Any) -> Any:
            edited = edit(_hidden(output))
            return edited if isinstance(output, torch.Tensor) else (edited, *output[1:])

        return rewrite

    with _hooked(model, {layer: editor(edit) for layer, edit in edits.items()}):
        yield


@contextmanager
def _hooked(model: Any, hooks: Mapping[int, Callable[..., Any]]) -> Iterator[None]:
    """Hooks on layers, removed at the end whatever happens."""
    modules = decoder_layers(model)
    check_layers(hooks, len(modules))
    with ExitStack() as stack:
        for layer, hook in hooks.items():
            stack.callback(modules[layer].register_forward_hook(hook).remove)
        yield


def _hidden(output: Any) -> torch.Tensor:
    hidden = output if isinstance(output, torch.Tensor) else output[0]
    if not isinstance(hidden, torch.Tensor) or hidden.dim() != 3:
        shape = tuple(hidden.shape) if isinstance(hidden, torch.Tensor) else type(hidden).__name__
        raise ModelReferenceError(
            f"A decoder layer gives {shape} where (rows, tokens, width) is expected.",
            hint="Looking inside this architecture is not supported.",
        )
    return hidden
