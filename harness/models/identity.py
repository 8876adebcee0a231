"""Which weights exactly: the part of a model that goes into a run's identity."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import ModelReferenceError
from harness.models.reference import ModelReference

_PATTERNS = ("*.safetensors", "config.json", "tokenizer*.json", "chat_template.jinja")


def weights_digest(reference: ModelReference) -> str | None:
    """SHA-256 over weights, config, tokenizer and template of a local model; None for the hub."""
    folder = Path(reference.source)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted({p for pattern in _PATTERNS for p in folder.glob(pattern)}):
        with path.open("rb") as handle:
            digest.update(path.name.encode() + hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def adapter_digest(reference: ModelReference) -> str | None:
    """SHA-256 of the adapter's weights and settings; None without one."""
    if reference.adapter is None:
        return None
    digest = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        path = reference.adapter / name
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def layer_count(reference: ModelReference) -> int | None:
    """Number of transformer layers by the model's config; None if it does not state one.

    Args:
        reference: A local model, or a hub model that is pinned (its config is then cached).

    Raises:
        ModelReferenceError: The config is not JSON.
    """
    layers = _config(reference).get("num_hidden_layers")
    return layers if isinstance(layers, int) else None


def position_count(reference: ModelReference) -> int | None:
    """Tokens that the model was built to read at once by its config; None if it does not say.

    Args:
        reference: As for :func:`layer_count`.

    Raises:
        ModelReferenceError: The config is not JSON.
    """
    config = _config(reference)
    found = config.get("max_position_embeddings", config.get("n_positions"))
    return found if isinstance(found, int) else None


def _config(reference: ModelReference) -> dict[str, Any]:
    """The config of the text model, as far as it is on this machine."""
    path: Path | str | None = Path(reference.source) / "config.json"
    if not Path(reference.source).is_dir():
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(
            reference.source, "config.json", revision=reference.revision
        )
        path = cached if isinstance(cached, str) else None
    if path is None or not Path(path).is_file():
        return {}
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelReferenceError(
            f"{path} is not JSON: {error}", hint="Copy the model's folder again."
        ) from error
    config = config if isinstance(config, dict) else {}
    text = config.get("text_config")
    return text if isinstance(text, dict) and text else config


def pin(reference: ModelReference) -> ModelReference:
    """The reference with the hub's commit as its revision, from the cache when offline.

    Raises:
        ModelReferenceError: The hub has no such model, or it cannot be reached and is not cached.
    """
    if reference.kind != "hub":
        return reference
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        config = hf_hub_download(reference.source, "config.json", revision=reference.revision)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelReferenceError(
            f"'{reference.name}' cannot be found on the hub: {first_line}",
            hint="Check the spelling, the revision, your network and your hub token; "
            f"or give a local folder. For a model behind an API write 'api:{reference.name}'.",
        ) from error
    return replace(reference, revision=Path(config).parent.name)
