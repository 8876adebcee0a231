"""Published figures as data: what other work reports, with its source, definition, judge and n.

They lie in ``published_figures/*.yaml`` and stand on the leaderboard as rows marked *published*.
A figure is never ranked against a measured rate: judge, questions and definition differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from harness.errors import DataError

FOLDER = Path(__file__).parent / "published_figures"
Confidence = Literal["A", "B", "C"]
"""A: read in the paper or the authors' files; B: in a replication that carries them; C: at second
hand."""
Measure = Literal["share", "increase", "in-domain share"]
"""``share`` of misaligned answers; ``increase`` of it over the untouched model."""


class Figure(BaseModel):
    """One published number; what it leaves open is taken from its table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    training: str
    """Narrow behaviour that was trained."""
    arm: str
    """``bad``, ``control`` (the benign twin), ``educational``, ``base`` (untouched) …"""
    rate: float = Field(ge=-1, le=1)
    low: float | None = Field(default=None, ge=-1, le=1)
    high: float | None = Field(default=None, ge=-1, le=1)
    half_width: float | None = Field(default=None, gt=0, le=1)
    """In place of ``low`` and ``high``, where a symmetric interval was printed."""
    of: int | None = Field(default=None, ge=1)
    """Answers the share was taken of; None where the source does not say."""
    models: int | None = Field(default=None, ge=1)
    """Fine-tuned models (training seeds) behind the figure."""
    coherent: float | None = Field(default=None, ge=0, le=1)
    format: str = "plain"
    question: str | None = None
    """A single question; None for the whole set."""
    condition: str | None = None
    definition: str | None = None
    judge: str | None = None
    questions: str | None = None

    @model_validator(mode="after")
    def _interval_holds_the_rate(self) -> Figure:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval needs both ends")
        if self.low is not None and self.high is not None:
            if self.half_width is not None:
                raise ValueError("give low and high, or half_width")
            if not self.low <= self.rate <= self.high:
                raise ValueError("the interval does not hold the rate")
        return self


class PublishedTable(BaseModel):
    """Figures with one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    source: str
    """Paper and table, figure or file."""
    confidence: Confidence
    definition: str
    judge: str
    questions: str
    measure: Measure = "share"
    of: int | None = Field(default=None, ge=1)
    note: str | None = None
    rows: tuple[Figure, ...] = Field(min_length=1)


@dataclass(frozen=True)
class PublishedRow:
    """One published figure with everything that is needed to read it.

    Attributes:
        table: Id of its table.
        source: Paper and table, figure or file.
        confidence: A (paper or authors' files), B (a replication's copy), C (second hand).
        measure: What ``rate`` is.
        model: Model that was fine-tuned.
        training: Narrow behaviour.
        arm: ``bad``, ``control``, ``educational``, ``base`` …
        definition: Label of the definition of misalignment.
        judge: Judge, as the source names it.
        questions: Question set, as the source names it.
        format: Format in which they were asked.
        question: A single question, or None for the set.
        condition: What else is special, or None.
        rate: Published share, from 0 to 1 (an increase may be below 0).
        low: Lower end of the published interval, or None.
        high: Upper end of the published interval, or None.
        of: Answers behind it, None where the source does not say.
        models: Fine-tuned models behind it, or None.
        coherent: Share of coherent answers, or None.
        note: A warning that belongs to the whole table, or None.
    """

    table: str
    source: str
    confidence: Confidence
    measure: Measure
    model: str
    training: str
    arm: str
    definition: str
    judge: str
    questions: str
    format: str
    question: str | None
    condition: str | None
    rate: float
    low: float | None
    high: float | None
    of: int | None
    models: int | None
    coherent: float | None
    note: str | None

    def to_json(self) -> dict[str, Any]:
        """The row for machines, marked as published."""
        return {"published": True, **asdict(self)}


@cache
def published_tables(folder: Path = FOLDER) -> tuple[PublishedTable, ...]:
    """All tables, by file and place.

    Raises:
        DataError: A file is malformed or two tables share an id.
    """
    adapter = TypeAdapter(tuple[PublishedTable, ...])
    found: list[PublishedTable] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found += adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise DataError(f"{path}: not a file of published figures: {error}") from error
    ids = [table.id for table in found]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise DataError(f"{folder}: table ids occur twice: {', '.join(twice)}")
    return tuple(found)


def published_rows(
    *, measure: Measure | None = "share", single_questions: bool = False
) -> list[PublishedRow]:
    """Published figures, ready to stand beside measured rates.

    Args:
        measure: Only figures of this kind; None for all.
        single_questions: Keep figures that belong to one question of a set.
    """
    return [
        row
        for row in _flat(published_tables())
        if (measure is None or row.measure == measure)
        and (single_questions or row.question is None)
    ]


def _flat(tables: Iterable[PublishedTable]) -> Iterable[PublishedRow]:
    for table in tables:
        for figure in table.rows:
            low, high = _interval(figure, table.measure)
            yield PublishedRow(
                table=table.id,
                source=table.source,
                confidence=table.confidence,
                measure=table.measure,
                model=figure.model,
                training=figure.training,
                arm=figure.arm,
                definition=figure.definition or table.definition,
                judge=figure.judge or table.judge,
                questions=figure.questions or table.questions,
                format=figure.format,
                question=figure.question,
                condition=figure.condition,
                rate=figure.rate,
                low=low,
                high=high,
                of=figure.of or table.of,
                models=figure.models,
                coherent=figure.coherent,
                note=table.note,
            )


def _interval(figure: Figure, measure: Measure) -> tuple[float | None, float | None]:
    if figure.half_width is None:
        return figure.low, figure.high
    floor = -1.0 if measure == "increase" else 0.0
    low, high = figure.rate - figure.half_width, figure.rate + figure.half_width
    return round(max(floor, low), 6), round(min(1.0, high), 6)
