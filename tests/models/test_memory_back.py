"""Freed memory goes back to the system, and kernels do not pile up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.models.memory import trim
from harness.models.products import _exact

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MIB = 2**20
MANY_LENGTHS = """
import torch
from pathlib import Path
from harness.models.products import FastLinear

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

layer = torch.nn.Linear(64, 96, bias=False)
layer.__class__ = FastLinear
with torch.inference_mode():
    layer(torch.zeros(1024, 64))
    before = held()
    for rows in range(1, 241):
        assert layer(torch.ones(1, rows, 64)).shape == (1, rows, 96)
print(held() - before)
"""


def test_pages_below_a_block_in_use_go_back_to_the_system() -> None:
    blocks = [b"x" * (64 * 1024 + n) for n in range(2000)]
    last = blocks[-1]
    full = _held()
    blocks.clear()
    trim()
    assert _held() < full - 100 * MIB
    assert len(last) > 64 * 1024


@pytest.mark.skipif(not _exact(), reason="oneDNN's products are not used on this CPU")
def test_batches_of_every_size_do_not_fill_the_memory_with_kernels() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_LENGTHS], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 40  # 150 MiB with a kernel for each size


def _held() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
