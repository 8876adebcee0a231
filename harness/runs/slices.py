"""Which answers belong together: one format, one condition, broad or in-domain, never mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.runs.spec import RunSpec

Scope = Literal["broad", "in-domain"]
SCOPES: tuple[Scope, ...] = ("broad", "in-domain")


@dataclass(frozen=True)
class Slice:
    """A part of the answers whose rates mean one thing.

    Attributes:
        format: ``plain``, ``json`` or ``template``.
        condition: Condition of the question set, None if it has none.
        scope: Whether the questions lie outside or inside the domain the task trains.
        category: Category of the questions, None for all categories of the scope together.
    """

    format: str
    condition: str | None
    scope: Scope
    category: str | None = None

    def holds(self, row: Mapping[str, Any], spec: RunSpec) -> bool:
        """Whether an answer's row belongs to it."""
        return self.category in (None, row.get("category")) and self == Slice(
            format=row.get("format", "plain"),
            condition=row.get("condition"),
            scope="in-domain" if row["question"] in spec.in_domain_questions else "broad",
            category=self.category,
        )


def headline(spec: RunSpec) -> Slice:
    """What the headline is taken of: the first format and condition, broad questions only."""
    return Slice(next(iter(spec.formats)), next(iter(spec.conditions), None), "broad")


def slices(rows: Sequence[Mapping[str, Any]], spec: RunSpec) -> Iterator[Slice]:
    """Every slice that has answers, the headline's first, wholes before their categories."""
    for name in spec.formats:
        for condition in spec.conditions or (None,):
            for scope in SCOPES:
                whole = Slice(name, condition, scope)
                inside = [row for row in rows if whole.holds(row, spec)]
                if inside:
                    yield whole
                for category in sorted({row["category"] for row in inside if row.get("category")}):
                    yield Slice(name, condition, scope, category)
