"""Loaded doubles, shared by the sampling tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from tests.doubles import make_double


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def qwen(qwen_double: Path) -> LoadedModel:
    return load_model(parse_reference(str(qwen_double)))


@pytest.fixture(scope="session", params=["qwen2", "llama", "gemma"])
def any_family(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> LoadedModel:
    family: str = request.param
    return load_model(parse_reference(str(make_double(tmp_path_factory.mktemp(family), family))))


@pytest.fixture
def stopping(qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    """A double that ends its answers after a few tokens: one token in twenty is an end token."""
    ends = list(range(0, len(qwen.tokenizer), 20))
    monkeypatch.setattr(qwen.model.generation_config, "eos_token_id", ends)
    return qwen
