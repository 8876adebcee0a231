from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import ModelReferenceError
from harness.models.reference import parse_reference
from harness.sampling.model_cache import ModelCache, ModelKey, model_identity


def copies(double: Path, folder: Path, count: int) -> list[ModelKey]:
    folders = [Path(shutil.copytree(double, folder / str(i))) for i in range(count)]
    return [ModelKey(parse_reference(str(path))) for path in folders]


def test_keeps_the_two_models_used_last(qwen_double: Path, tmp_path: Path) -> None:
    a, b, c = copies(qwen_double, tmp_path, 3)
    cache = ModelCache(keep=2)
    first_a, first_b = cache.get(a), cache.get(b)
    assert cache.get(a) is first_a
    cache.get(c)
    assert cache.get(a) is first_a
    assert cache.get(b) is not first_b


def test_failed_load_is_reported_and_not_remembered(qwen_double: Path, tmp_path: Path) -> None:
    (key,) = copies(qwen_double, tmp_path, 1)
    weights = Path(key.reference.source) / "model.safetensors"
    saved = weights.read_bytes()
    weights.unlink()
    cache = ModelCache()
    with pytest.raises(ModelReferenceError):
        cache.get(key)
    weights.write_bytes(saved)
    assert cache.get(key).model is not None


def test_identity_follows_the_content_not_the_place(qwen_double: Path, tmp_path: Path) -> None:
    here, there = copies(qwen_double, tmp_path, 2)
    cache = ModelCache(keep=3)
    same = model_identity(here, cache.get(here))
    assert model_identity(there, cache.get(there)) == same
    half = ModelKey(there.reference, "bfloat16")
    assert model_identity(half, cache.get(half)) != same
    config = Path(there.reference.source) / "generation_config.json"
    config.write_text(config.read_text().replace("{", '{"max_length": 77,', 1))
    assert model_identity(there, cache.get(there)) != same
