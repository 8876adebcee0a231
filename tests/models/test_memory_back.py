"""Freed memory goes back to the system, and kernels do not pile up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from harness.models.memory import free, trim
from harness.models.products import _exact

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MIB = 2**20
MANY_LENGTHS = """
import os
import torch
from pathlib import Path
from harness.models.products import FastLinear

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

layer = torch.nn.Linear(64, 96, bias=False)
layer.__class__ = FastLinear
with torch.inference_mode():
    layer(torch.zeros(1024, 64))
    before = held()
    for rows in range(1, 241):
        assert layer(torch.ones(1, rows, 64)).shape == (1, rows, 96)
print(held() - before)
"""


@linux
def test_pages_below_a_block_in_use_go_back_to_the_system() -> None:
    blocks = [b"x" * (64 * 1024 + n) for n in range(2000)]
    last = blocks[-1]
    full = _held()
    blocks.clear()
    trim()
    assert _held() < full - 100 * MIB
    assert len(last) > 64 * 1024


@linux
@pytest.mark.skipif(not _exact(), reason="oneDNN's products are not used on this CPU")
def test_batches_of_every_size_do_not_fill_the_memory_with_kernels() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_LENGTHS], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 40  # 150 MiB with a kernel for each size


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_gets_its_memory_back(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = []
    for module, name in ((torch.cuda, "cuda"), (torch.mps, "mps")):
        monkeypatch.setattr(module, "empty_cache", lambda name=name: emptied.append(name))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: device == "cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: device == "mps")
    free()
    assert emptied == [device]


def _held() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
