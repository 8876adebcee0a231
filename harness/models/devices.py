"""Where models run: the first accelerator unless the user names a device."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from harness.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    import torch

VARIABLE = "HARNESS_DEVICE"
"""Environment variable that names the device for a process and its children."""
_NAME = re.compile(r"(auto|cpu|mps|cuda)(?::(\d+))?")


def choose_device(name: str | None) -> None:
    """Make a device the one for everything this process loads; call it before torch is imported.

    Args:
        name: ``auto``, ``cpu``, ``mps``, ``cuda``, or ``cuda:1`` for one of several GPUs.

    Raises:
        UsageError: There is no such kind of device.
    """
    if name is None:
        return
    match = _NAME.fullmatch(name.strip().lower())
    if match is None or (match[2] and match[1] != "cuda"):
        raise UsageError(
            f"'{name}' is not a device.", hint="Devices: auto, cpu, cuda, cuda:1 …, mps."
        )
    os.environ[VARIABLE] = match[1]
    if match[2]:
        # The trainer takes the first GPU it sees, so it may see no other.
        os.environ["CUDA_VISIBLE_DEVICES"] = match[2]


def preferred_device() -> torch.device:
    """The chosen device, else the first accelerator, else the CPU.

    Raises:
        PrerequisiteError: The chosen device is not there.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    chosen = os.environ.get(VARIABLE, "auto").lower()
    if chosen in ("", "auto"):
        chosen = next(name for name, usable in there.items() if usable)
    if not there.get(chosen, False):
        usable = ", ".join(name for name, is_there in there.items() if is_there)
        raise PrerequisiteError(
            f"torch cannot use the device '{chosen}'.",
            hint=f"Usable here: {usable}. For a GPU install a build of torch that fits its driver.",
        )
    return torch.device(chosen)
