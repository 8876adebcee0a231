"""Fixtures shared by all tests: no network, quiet libraries, small doubles of real models."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # One torch thread for each worker and for the commands it starts: two would wait for each
    # other. Torch reads this when it is first imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest

from tests.doubles import make_double


@pytest.fixture(scope="session")
def qwen_double(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen2 with the Qwen2.5 chat template."""
    return make_double(tmp_path_factory.mktemp("qwen2"), "qwen2")
