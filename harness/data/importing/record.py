"""One row of a foreign file, before it is understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it was found.

    Attributes:
        where: ``file:line``, as errors quote it.
        number: Line or row number in the file, from 1.
        value: Its keys and values.
    """

    where: str
    number: int
    value: dict[str, Any]
