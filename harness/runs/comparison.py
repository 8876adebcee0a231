"""Two nested values side by side: the figures of a record and the same figures computed again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 1e-9
"""Numbers closer than this are the same: the order of a sum may differ between machines."""


@dataclass
class Comparison:
    """What differs between recorded and found values.

    Attributes:
        problems: One sentence for each value that differs.
        numbers: Numbers that were compared.
    """

    problems: list[str] = field(default_factory=list)
    numbers: int = 0

    def compare(self, place: str, recorded: Any, found: Any) -> None:
        """Compare two values, models and containers in depth.

        Args:
            place: Name of the value.
            recorded: The value as written.
            found: The value as it should be.
        """
        recorded, found = plain(recorded), plain(found)
        if isinstance(recorded, dict) and isinstance(found, dict):
            for key in [*recorded, *(key for key in found if key not in recorded)]:
                self.compare(f"{place}.{key}", recorded.get(key), found.get(key))
            return
        if isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
            for number, (one, two) in enumerate(zip(recorded, found, strict=True)):
                self.compare(f"{place}.{number}", one, two)
            return
        self.numbers += _is_number(found)
        same = recorded == found
        if _is_number(recorded) and _is_number(found):
            same = math.isclose(recorded, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not same:
            self.problems.append(f"{place} is recorded as {recorded!r:.80}, but is {found!r:.80}")


def plain(value: Any) -> Any:
    """Models and tuples as JSON values."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
