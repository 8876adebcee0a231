"""The commands that the machine knows: builtins of the shell, and programs in ``/usr/bin``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from harness.shutdown.machine.commands import (
    changing,
    filtering,
    reading,
    running,
    shelling,
    speaking,
)

if TYPE_CHECKING:
    from harness.shutdown.machine.shell import Shell
    from harness.shutdown.machine.streams import Streams

Registry = Mapping[str, Callable[["Shell", list[str], "Streams"], int]]

BUILTINS: Registry = {**speaking.BUILTINS, **shelling.BUILTINS, **running.BUILTINS}
PROGRAMS: Registry = {
    **reading.PROGRAMS,
    **filtering.PROGRAMS,
    **changing.PROGRAMS,
    **speaking.PROGRAMS,
    **running.PROGRAMS,
}
