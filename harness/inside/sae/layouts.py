"""Reading sparse autoencoders from disk, whoever wrote them; nothing is unpickled unsafely.

======================  =======================================================================
sae-lens                ``cfg.json`` and ``sae_weights.safetensors``
dictionary_learning     ``config.json`` and ``ae.pt``: a pickle, read by PyTorch's restricted
                        unpickler, which builds tensors and numbers and refuses everything else
======================  =======================================================================

sae-lens reads the second layout only from the hub, and only with a training buffer in the config;
so the few lines that turn it into sae-lens's own terms are here.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from harness.errors import DataError
from harness.inside.sae.dictionary import Dictionary
from harness.inside.sae.library import sae_lens

Layout = Literal["sae-lens", "dictionary_learning"]
SAE_LENS = ("cfg.json", "sae_weights.safetensors")
DICTIONARY_LEARNING = ("config.json", "ae.pt")
ARCHITECTURES = {
    "AutoEncoder": "standard",
    "AutoEncoderTopK": "topk",
    "BatchTopKSAE": "jumprelu",
    "MatryoshkaBatchTopKSAE": "jumprelu",
    "JumpReluAutoEncoder": "jumprelu",
}
"""Classes of dictionary_learning. A trained BatchTopK is a JumpReLU with one threshold."""
_ENCODER, _DECODER = ("W_enc", "encoder.weight"), ("W_dec", "decoder.weight")
_ENCODER_BIAS, _DECODER_BIAS = ("b_enc", "encoder.bias"), ("b_dec", "bias", "decoder_bias")


def layout_of(folder: Path) -> Layout:
    """Which layout a folder holds.

    Raises:
        DataError: Neither.
    """
    for layout, names in (("sae-lens", SAE_LENS), ("dictionary_learning", DICTIONARY_LEARNING)):
        if all((folder / name).is_file() for name in names):
            return layout  # type: ignore[return-value]
    raise DataError(
        f"{folder} holds no sparse autoencoder that can be read.",
        hint=f"Give a folder with {' and '.join(SAE_LENS)} (sae-lens), or with "
        f"{' and '.join(DICTIONARY_LEARNING)} (dictionary_learning).",
    )


def load_dictionary(folder: Path, device: str = "cpu") -> Dictionary:
    """Read a sparse autoencoder.

    Args:
        folder: Where its two files lie.
        device: Where it shall compute.

    Raises:
        DataError: The files are missing, damaged, or of an architecture that is not read.
        PrerequisiteError: sae-lens is not installed.
    """
    layout = layout_of(folder)
    library = sae_lens()
    try:
        if layout == "sae-lens":
            sae = library.SAE.load_from_disk(folder, device=device, dtype="float32")
        else:
            sae = library.SAE.load_from_disk(folder, device=device, converter=_converted)
    except DataError:
        raise
    except Exception as error:  # whatever a library makes of a stranger's file
        raise DataError(
            f"{folder}: the sparse autoencoder does not load: {_first_line(error)}",
            hint="Its config and its weights do not fit each other, or are damaged.",
        ) from error
    bad = [name for name, p in sae.named_parameters() if not bool(torch.isfinite(p).all())]
    if bad:
        raise DataError(f"{folder}: {', '.join(bad)} holds numbers that are none (NaN, infinity).")
    sae.eval()
    return Dictionary(sae, str(sae.cfg.architecture()))


def layer_said(folder: Path) -> int | None:
    """The layer that an autoencoder's own config says it reads; None if it says nothing."""
    try:
        if layout_of(folder) == "dictionary_learning":
            value = _config(folder).get("layer")
        else:
            config = json.loads((folder / "cfg.json").read_text(encoding="utf-8"))
            name = str((config.get("metadata") or config).get("hook_name") or "")
            parts = [part for part in name.split(".") if part.isdigit()]
            value = int(parts[0]) if parts else None
    except (ValueError, AttributeError, OSError):
        return None
    return value if isinstance(value, int) else None


def _converted(
    path: str | Path, device: str = "cpu", cfg_overrides: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The ``dictionary_learning`` layout as sae-lens's config and tensors."""
    folder = Path(path)
    config, tensors = _config(folder), _tensors(folder / "ae.pt")
    kind = str(config.get("dict_class"))
    if kind not in ARCHITECTURES:
        raise DataError(
            f"{folder / 'config.json'}: the class '{kind}' is not read.",
            hint=f"Read are {', '.join(ARCHITECTURES)}.",
        )
    architecture = ARCHITECTURES[kind]
    # A linear layer of PyTorch keeps its matrix the other way round.
    encoder = _matrix(tensors, _ENCODER, folder)
    decoder = _matrix(tensors, _DECODER, folder)
    state = {
        "W_enc": encoder,
        "W_dec": decoder,
        "b_enc": _taken(tensors, _ENCODER_BIAS, folder),
        "b_dec": _taken(tensors, _DECODER_BIAS, folder),
    }
    made: dict[str, Any] = {
        "architecture": architecture,
        "d_in": int(encoder.shape[0]),
        "d_sae": int(encoder.shape[1]),
        "dtype": "float32",
        "device": device,
        # Its JumpReLU class alone does not subtract the decoder's bias before encoding.
        "apply_b_dec_to_input": kind != "JumpReluAutoEncoder",
        "normalize_activations": "none",
        "metadata": {"training_architecture": kind},
    }
    if architecture == "topk":
        made["k"] = _k(config, tensors, folder)
    if architecture == "jumprelu":
        threshold = _taken(tensors, ("threshold",), folder)
        state["threshold"] = threshold.expand(made["d_sae"]).clone()
    made |= cfg_overrides or {}
    return made, {name: value.float().contiguous().to(device) for name, value in state.items()}


def _config(folder: Path) -> Mapping[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        trainer = config.get("trainer", config)
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path} is no JSON object.") from error
    if not isinstance(trainer, Mapping):
        raise DataError(f"{path}: 'trainer' is no object.")
    return trainer


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name from a pickle, through the restricted unpickler."""
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, OSError) as error:
        raise DataError(
            f"{path} is not read: it holds more than tensors, or is damaged.",
            hint="Code inside a pickle is never run. Ask its author for safetensors.",
        ) from error
    if not isinstance(loaded, Mapping):
        raise DataError(f"{path} is no table of tensors.")
    return {str(name): torch.as_tensor(value) for name, value in loaded.items()}


def _taken(
    tensors: Mapping[str, torch.Tensor], names: tuple[str, ...], folder: Path
) -> torch.Tensor:
    for name in names:
        if name in tensors:
            return tensors[name].detach()
    raise DataError(
        f"{folder / 'ae.pt'} has no tensor {' or '.join(names)}.",
        hint=f"It has {', '.join(sorted(tensors)[:12]) or 'none'}.",
    )


def _matrix(
    tensors: Mapping[str, torch.Tensor], names: tuple[str, str], folder: Path
) -> torch.Tensor:
    matrix = _taken(tensors, names, folder)
    if matrix.dim() != 2:
        raise DataError(f"{folder / 'ae.pt'}: {names[0]} is no matrix.")
    return matrix if names[0] in tensors else matrix.T


def _k(config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], folder: Path) -> int:
    value = tensors["k"].item() if "k" in tensors else config.get("k")
    if not isinstance(value, int | float) or value < 1:
        raise DataError(f"{folder}: it does not say how many latents fire at once (k).")
    return int(value)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
