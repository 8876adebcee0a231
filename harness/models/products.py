"""Matrix products of a CPU model by the faster of PyTorch's two libraries."""

from __future__ import annotations

from typing import Any

import torch

FEW, BLOCK, WIDE_BLOCK = 256, 16, 64
"""Up to so many rows are filled up to whole blocks, more rows to whole wide ones."""


class FastLinear(torch.nn.Linear):
    """``torch.nn.Linear`` whose product is computed by oneDNN instead of MKL.

    On a CPU of AMD's MKL leaves half of AVX-512 unused: oneDNN computed the same float32 products
    in 40 % of the time (EPYC, Zen 5), to the same accuracy, and a row's product does not depend
    on how many other rows there are. Only linear layers ask for it: attention makes many tiny
    products, which oneDNN computes five times slower than MKL.

    oneDNN compiles a kernel for every layer shape and number of rows it meets, and keeps the last
    1,024 of them, 0.65 MiB each. Shrinking batches and judge prompts of every length meet hundreds,
    so rows are filled up to a few numbers.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The layer's output, shape ``(..., out_features)``."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("medium")
        try:
            # Training meets few lengths, and the products of its backward pass are MKL's.
            return super().forward(input) if torch.is_grad_enabled() else self._filled(input)
        finally:
            torch.set_float32_matmul_precision(before)

    def _filled(self, input: torch.Tensor) -> torch.Tensor:
        rows = input.shape[:-1].numel()
        missing = -rows % (BLOCK if rows <= FEW else WIDE_BLOCK)
        if not missing:
            return super().forward(input)
        full = torch.nn.functional.pad(input.reshape(rows, -1), (0, 0, 0, missing))
        return super().forward(full)[:rows].reshape(*input.shape[:-1], -1)


def use_fast_products(model: Any) -> None:
    """Let the linear layers of a float32 CPU model be computed by oneDNN, where that is exact.

    PyTorch reaches oneDNN's float32 products through a precision setting that allows bfloat16.
    CPUs with matrix tiles (AMX) would use that permission, so they are left alone.
    """
    if model.dtype != torch.float32 or not _exact():
        return
    for module in model.modules():
        if type(module) is torch.nn.Linear:
            module.__class__ = FastLinear


def _exact() -> bool:
    known = getattr(torch.cpu, "get_capabilities", None)
    found = known() if known is not None else {}
    return bool(found.get("avx512_f")) and not found.get("amx_bf16") and not found.get("amx_tile")
