"""Loaded models, kept for the next task of the process."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from harness.models.loading import LoadedModel, load_model
from harness.models.reference import ModelReference

KEEP = 2
_WEIGHTS = ("*.safetensors", "config.json", "generation_config.json", "adapter_config.json")
_TOKENIZER = ("tokenizer*.json", "chat_template.jinja")


@dataclass(frozen=True)
class ModelKey:
    """What has to agree for two models to be the same object in memory."""

    reference: ModelReference
    dtype: str | None = None


class ModelCache:
    """The most recently used models; safe to use from several threads."""

    def __init__(self, keep: int = KEEP) -> None:
        """Start empty and hold at most ``keep`` models (a subject and a judge)."""
        self._keep = keep
        self._lock = threading.Lock()
        self._models: OrderedDict[ModelKey, LoadedModel] = OrderedDict()

    def get(self, key: ModelKey) -> LoadedModel:
        """The model, loaded if it is not there; the longest unused one makes room first.

        Raises:
            ModelReferenceError: The model does not load.
        """
        with self._lock:
            if key not in self._models:
                while len(self._models) >= self._keep:
                    self._models.popitem(last=False)
                self._models[key] = load_model(key.reference, dtype=key.dtype)
            self._models.move_to_end(key)
            return self._models[key]


MODELS = ModelCache()


def model_identity(key: ModelKey, loaded: LoadedModel) -> str:
    """Text that changes whenever the weights, the tokenizer or the arithmetic change.

    Folders are identified by the content of their files, hub models by their commit.
    """
    reference = key.reference
    folder = Path(reference.source)
    commit = getattr(loaded.model.config, "_commit_hash", None)
    base = (
        _folder_hash(folder)
        if folder.is_dir()
        else f"{reference.source}@{commit or reference.revision}"
    )
    adapter = _folder_hash(reference.adapter) if reference.adapter else "none"
    return f"{base}|{adapter}|{loaded.model.dtype}|{loaded.device.type}"


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({p for pattern in _WEIGHTS + _TOKENIZER for p in folder.glob(pattern)}):
        with path.open("rb") as handle:
            file_hash = hashlib.file_digest(handle, "sha256").hexdigest()
        digest.update(f"{path.name}:{file_hash}\n".encode())
    return digest.hexdigest()
