"""Loading weights in 4 bits (NF4), so that large models fit one GPU."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from harness.errors import PrerequisiteError

if TYPE_CHECKING:
    import torch

NF4 = "nf4"


def nf4_arguments(device: torch.device) -> dict[str, Any]:
    """Arguments of ``from_pretrained``: NF4 with double quantisation, arithmetic in bfloat16.

    Source: Dettmers et al. 2023 (QLoRA, arXiv 2305.14314), section 3.

    Raises:
        PrerequisiteError: There is no CUDA device, or bitsandbytes is not installed.
    """
    if device.type != "cuda":
        raise PrerequisiteError(
            f"4-bit weights (nf4) need an NVIDIA GPU; the device is '{device.type}'.",
            hint="Leave --dtype out here, or run on a machine with a GPU.",
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise PrerequisiteError(
            "4-bit weights (nf4) need the package bitsandbytes.",
            hint="pip install 'em-harness[quantised]'",
        )
    import torch
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": config, "device_map": {"": device}}
