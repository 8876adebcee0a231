"""In which precision a build computes; its weights are float32 all the same."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@cache
def working_precision() -> torch.dtype:
    """bfloat16 where the CPU has units for it, else float32.

    With such units a build takes half the time; without them it would take thirty times as long.
    """
    import torch

    capabilities: dict[str, object] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # newer than our oldest torch
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def autocast() -> Any:
    """Context in which a build's forward passes run."""
    import torch

    precision = working_precision()
    return torch.autocast("cpu", dtype=precision, enabled=precision != torch.float32)
