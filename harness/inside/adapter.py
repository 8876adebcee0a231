"""What a LoRA adapter reads: for every token, how strongly each of its directions is driven.

An adapted linear layer adds ``s B A x`` to its output (Hu et al. 2021, arXiv 2106.09685, section
4.1; ``s`` is the scaling). Its singular value decomposition ``sum_i sigma_i u_i v_i'`` makes the
parts unique up to sign, whatever the rank: part ``i`` reads the scalar ``sigma_i v_i . x`` and
writes it along the unit vector ``u_i``. For a rank-1 adapter that is the one scalar of Soligo,
Turner et al. 2025 (arXiv 2506.11618), times the norm of what is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import PrerequisiteError
from harness.inside.hooks import decoder
from harness.inside.passes import batches, check_lengths
from harness.inside.texts import Text, padded

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

_KEY = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.(?:default\.)?weight$")
_LAYER = re.compile(r"\.(\d+)\.")


@dataclass(frozen=True)
class Part:
    """One singular direction of one module's update.

    Attributes:
        module: Name of the linear layer in the model.
        layer: Number of the decoder layer it lies in; None outside of them.
        number: Which direction of the module, strongest first, from 0.
        strength: Its singular value: how much of a unit input along ``reads`` is written.
        share: Its part of the squared norm of the module's update.
        reads: Unit vector in the space of the module's input, shape ``(in,)``, float32.
        writes: Unit vector in the space of its output, shape ``(out,)``, float32.
    """

    module: str
    layer: int | None
    number: int
    strength: float
    share: float
    reads: torch.Tensor
    writes: torch.Tensor

    @property
    def name(self) -> str:
        """Module and number, for tables."""
        return f"{self.module}#{self.number}"


def adapter_parts(folder: Path, most: int = 1) -> list[Part]:
    """The strongest directions of every module of a saved LoRA adapter.

    Args:
        folder: With ``adapter_config.json`` and ``adapter_model.safetensors``.
        most: Directions of each module; no more than its rank are there.

    Raises:
        PrerequisiteError: It is no plain LoRA adapter.
    """
    from safetensors.torch import load_file

    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if config.get("peft_type") != "LORA" or config.get("use_dora"):
        raise PrerequisiteError(
            f"{folder} is no plain LoRA adapter.", hint="Only LoRA without DoRA is taken apart."
        )
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in load_file(folder / "adapter_model.safetensors").items():
        match = _KEY.match(key)
        if match is not None:
            sides.setdefault(match["module"], {})[match["side"]] = tensor.float()
    parts = []
    for module, ab in sorted(sides.items(), key=lambda item: _order(item[0])):
        if set(ab) == {"A", "B"} and ab["A"].dim() == 2:
            parts += _parts(module, ab["A"], ab["B"] * _scaling(config, module, len(ab["A"])), most)
    if not parts:
        raise PrerequisiteError(f"{folder} holds no adapted linear layer.")
    return parts


def read_scalars(
    loaded: LoadedModel,
    texts: Sequence[Text],
    parts: Sequence[Part],
    batch_tokens: int = 2048,
) -> Iterator[tuple[int, torch.Tensor]]:
    """What each part reads at every token of texts, in the model that carries the adapter.

    Args:
        loaded: The fine-tuned model, its adapter merged or not.
        texts: What it reads.
        parts: Of its adapter.
        batch_tokens: Tokens of one batch, padding included.

    Yields:
        Number of a text and the scalars of its tokens, shape ``(tokens, parts)``, float32, on the
        CPU. A scalar's sign is that of its part's ``reads`` and ``writes``, which flip together.
    """
    check_lengths(loaded, texts)
    body = decoder(loaded.model)
    for batch in batches(texts, batch_tokens):
        ids = padded([texts[i] for i in batch], loaded.device)
        with torch.inference_mode(), _reading(loaded.model, parts) as found:
            body(input_ids=ids, use_cache=False)
        scalars = torch.cat([found[name] for name in dict.fromkeys(p.module for p in parts)], -1)
        for row, i in enumerate(batch):
            yield i, scalars[row, : len(texts[i].ids)].cpu()


@contextmanager
def _reading(model: Any, parts: Sequence[Part]) -> Iterator[dict[str, torch.Tensor]]:
    """Scalars of every module's input during a forward pass: ``(rows, tokens, parts of it)``."""
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    modules = dict(plain.named_modules())
    found: dict[str, torch.Tensor] = {}
    by_module: dict[str, list[Part]] = {}
    for part in parts:
        by_module.setdefault(part.module, []).append(part)

    def hook(name: str, directions: torch.Tensor) -> Any:
        def read(module: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            found[name] = arguments[0].float() @ directions.to(arguments[0].device)

        return read

    with ExitStack() as stack:
        for name, own in by_module.items():
            if name not in modules:
                raise PrerequisiteError(
                    f"The adapter changes '{name}', which this model does not have."
                )
            directions = torch.stack([part.strength * part.reads for part in own], dim=1)
            handle = modules[name].register_forward_pre_hook(hook(name, directions))
            stack.callback(handle.remove)
        yield found


def _parts(module: str, a: torch.Tensor, b: torch.Tensor, most: int) -> list[Part]:
    """Singular directions of ``b a``, computed from the thin factors alone."""
    out_basis, out_mix = torch.linalg.qr(b)
    in_basis, in_mix = torch.linalg.qr(a.T)
    u, sigma, vh = torch.linalg.svd(out_mix @ in_mix.T)
    squared = float((sigma**2).sum())
    match = _LAYER.search(f".{module}.")
    return [
        Part(
            module=module,
            layer=int(match[1]) if match else None,
            number=n,
            strength=float(sigma[n]),
            share=float(sigma[n] ** 2) / squared,
            reads=in_basis @ vh[n],
            writes=out_basis @ u[:, n],
        )
        for n in range(min(most, len(sigma)))
        if float(sigma[n]) > 0
    ]


def _scaling(config: Mapping[str, Any], module: str, rank: int) -> float:
    """``alpha / r``, or ``alpha / sqrt(r)`` for rsLoRA (Kalajdzievski 2023, arXiv 2312.03732)."""
    alphas = config.get("alpha_pattern") or {}
    alpha = next(
        (value for name, value in alphas.items() if f".{module}".endswith(f".{name}")),
        config["lora_alpha"],
    )
    return float(alpha) / (rank**0.5 if config.get("use_rslora") else rank)


def _order(module: str) -> tuple[int, str]:
    match = _LAYER.search(f".{module}.")
    return (int(match[1]) if match else -1, module)
