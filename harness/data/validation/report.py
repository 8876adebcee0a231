"""What a validation found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """An error or a warning.

    Attributes:
        code: Its name, e.g. ``near_duplicates``.
        message: What is the matter, and how many rows it concerns.
        where: The first places, as ``file:line``.
    """

    code: str
    message: str
    where: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The finding for machines."""
        return asdict(self) | {"where": list(self.where)}


@dataclass
class Report:
    """All that was found about a task's data.

    Attributes:
        task: Its name.
        errors: What a run would fail on or must not be trained on.
        warnings: What may spoil the comparison of the arms.
        arms: Figures of each arm.
        confounds: What tells the bad answers from the control's apart from being bad.
        mask_audit: What one training example really learns; None if it was not looked at.
        notes: What a reader of the figures should know, e.g. what could not be looked at.
    """

    task: str
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)
    confounds: dict[str, Any] = field(default_factory=dict)
    mask_audit: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)

    def error(self, code: str, message: str, where: Sequence[str] = ()) -> None:
        """Add an error."""
        self.errors.append(Finding(code, message, tuple(where)[:SHOWN]))

    def warn(self, code: str, message: str, where: Sequence[str] = ()) -> None:
        """Add a warning."""
        self.warnings.append(Finding(code, message, tuple(where)[:SHOWN]))

    def to_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "task": self.task,
            "ok": not self.errors,
            "errors": [finding.to_json() for finding in self.errors],
            "warnings": [finding.to_json() for finding in self.warnings],
            "confounds": self.confounds,
            "arms": self.arms,
            "mask_audit": self.mask_audit,
            "notes": self.notes,
        }
