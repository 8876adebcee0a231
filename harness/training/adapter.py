"""Writing the adapter: the same bytes for the same training, and nothing of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import TrainError
from harness.training.record import WEIGHTS_FILE, file_sha256
from harness.workspace import write_atomic


def write_adapter(model: Any, folder: Path, *, base_model: str, revision: str | None) -> str:
    """Write ``adapter_model.safetensors`` and ``adapter_config.json``.

    PEFT's own ``save_pretrained`` is not used: it writes ``target_modules`` in the order of a set,
    keeps the local path of the base model, and asks the hub about the base model's embeddings.

    Args:
        model: The PEFT model after training.
        folder: Where to write.
        base_model: What to record as ``base_model_name_or_path``.
        revision: Hub revision of the base model, or None.

    Returns:
        The SHA-256 of the weights file.

    Raises:
        TrainError: A weight is not a finite number.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save

    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {name: state[name].detach().cpu().contiguous() for name in sorted(state)}
    broken = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise TrainError(
            f"The trained adapter holds numbers that are not finite, first in '{broken[0]}'.",
            hint="Lower learning_rate, or raise warmup_steps.",
        )
    config = _config(model, base_model, revision)
    write_atomic(
        folder / "adapter_config.json", json.dumps(config, indent=2, sort_keys=True) + "\n"
    )
    write_atomic(folder / WEIGHTS_FILE, save(tensors, metadata={"format": "pt"}))
    return file_sha256(folder / WEIGHTS_FILE)


def _config(model: Any, base_model: str, revision: str | None) -> dict[str, Any]:
    config = model.peft_config["default"].to_dict()
    config |= {
        "base_model_name_or_path": base_model,
        "revision": revision,
        "inference_mode": True,
    }
    return {key: sorted(v) if isinstance(v, set) else v for key, v in config.items()}
