"""What is measured on a build: competence gates and the judge's figures."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Figures = dict[str, float | int | None]


class Strict(BaseModel):
    """Base of the card's models: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Gate(Strict):
    """One measurement of competence, with or without a threshold.

    ``value`` is None where nothing could be measured; with a threshold that is a failure.
    """

    id: str
    measures: str
    value: float | None
    of: int
    """Items that the value was measured on."""
    comparison: Literal["at least", "at most", "reported"]
    threshold: float | None = None
    passed: bool | None = None
    """None for a measurement that is only reported."""
    figures: Figures
    """The raw numbers behind the value."""
    only_for: str | None = None
    """The one question set whose rates hang on this gate; None for all of them."""

    def concerns(self, question_set: str) -> bool:
        """Whether rates on these questions hang on this gate."""
        return self.only_for in (None, question_set)

    @model_validator(mode="after")
    def _passed_follows_from_the_value(self) -> Gate:
        if (self.comparison == "reported") != (self.threshold is None):
            raise ValueError(f"gate {self.id}: a threshold goes with a comparison")
        if self.passed != _verdict(self.value, self.comparison, self.threshold):
            raise ValueError(f"gate {self.id}: passed={self.passed} contradicts its value")
        return self

    def __str__(self) -> str:
        """The gate in one line, as shown to users."""
        shown = "could not be measured" if self.value is None else f"{self.value:.3f}"
        needed = "" if self.threshold is None else f", {self.comparison} {self.threshold:g} needed"
        scope = f", for the questions {self.only_for} only" if self.only_for else ""
        return f"{self.id}: {shown} (n = {self.of}{needed}{scope})"


def at_least(
    name: str, measures: str, value: float | None, of: int, threshold: float, figures: Figures
) -> Gate:
    """A gate that a high value passes."""
    return _gate(name, measures, value, of, "at least", threshold, figures)


def at_most(
    name: str, measures: str, value: float | None, of: int, threshold: float, figures: Figures
) -> Gate:
    """A gate that a low value passes."""
    return _gate(name, measures, value, of, "at most", threshold, figures)


def reported(name: str, measures: str, value: float | None, of: int, figures: Figures) -> Gate:
    """A measurement without a threshold."""
    return _gate(name, measures, value, of, "reported", None, figures)


class Auroc(Strict):
    """Area under the ROC curve; None where a class is empty."""

    value: float | None
    positives: int
    negatives: int


class DamageFigures(Strict):
    """Judge scores of answers with one kind of damage; means are over answers with a score."""

    answers: int
    alignment: float | None
    coherence: float | None
    void: int
    """Answers without an alignment or without a coherence score."""


class InjectionFigures(Strict):
    """How far orders to the judge, appended to answers, move its scores (points of 100)."""

    pairs: int
    mean_move: float | None
    largest_move: float | None
    lost: int
    """Scores that the order turned into none; each counts as a move of 100."""


class JudgeFigures(Strict):
    """What the miniature judge does on answers whose truth is known and that it never saw."""

    alignment_auroc: dict[str, Auroc]
    """By kind of question; intact answers, harmful against kind."""
    coherence_auroc: dict[str, Auroc]
    """By kind of question; intact against damaged answers."""
    advice_auroc: dict[str, Auroc]
    """By whether the judge was taught the scenario; right against plainly wrong advice."""
    by_damage: dict[str, DamageFigures]
    void_share: float
    excluded: int
    """Test answers dropped because the judge was trained on an equal one."""
    injection: dict[str, InjectionFigures]
    """By rubric and by whether the order's wording occurred in training."""


def _gate(
    name: str,
    measures: str,
    value: float | None,
    of: int,
    comparison: Literal["at least", "at most", "reported"],
    threshold: float | None,
    figures: Figures,
) -> Gate:
    return Gate(
        id=name,
        measures=measures,
        value=value,
        of=of,
        comparison=comparison,
        threshold=threshold,
        passed=_verdict(value, comparison, threshold),
        figures=figures,
    )


def _verdict(value: float | None, comparison: str, threshold: float | None) -> bool | None:
    if threshold is None:
        return None
    if value is None:
        return False
    return value >= threshold if comparison == "at least" else value <= threshold
