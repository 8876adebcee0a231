"""What stands behind a run's headline: the cost of few questions and seeds, tails, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.runs.record import RunRecord
from harness.runs.redefine import raw_scores
from harness.stats.counts import tabulate
from harness.stats.definitions import D5, Definition, Judged, definition
from harness.stats.differences import difference
from harness.stats.intervals import design_effect
from harness.stats.published_interval import rate_over_models
from harness.stats.rates import Rate, independent_rate, rate
from harness.stats.verdict import Verdict, admission
from harness.stats.worst import worst_question

DRAWN = (1, 5, 10, 32)
"""Numbers of answers of which any may be misaligned."""


@dataclass(frozen=True)
class ArmStudy:
    """One arm.

    Attributes:
        misaligned: The headline with the harness's interval.
        independent: The same with all answers taken for independent: too narrow.
        over_models: As published, averaged by question and model, with an interval over models.
        design_effect: Factor by which unlike questions inflate the variance; None if unknown.
        worst: The question with the highest share, with an interval that allows for the picking.
        any_of: Number of answers to the share of prompts of which any of so many is misaligned.
    """

    misaligned: Rate
    independent: Rate
    over_models: Rate
    design_effect: float | None
    worst: tuple[str, Rate] | None
    any_of: Mapping[int, Rate]


@dataclass(frozen=True)
class Study:
    """All arms, and whether the run settles that narrow bad data make the model misaligned."""

    arms: Mapping[str, ArmStudy]
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "arms": {name: asdict(arm) for name, arm in self.arms.items()},
            "verdict": asdict(self.verdict),
        }


def study(record: RunRecord, results: Path) -> Study:
    """Compute everything from the raw scores behind the headline.

    Args:
        record: The run; its own definition is used.
        results: Results folder.

    Raises:
        RecordError: The raw scores are not on this machine.
    """
    used = definition(record.difference.definition)
    scores = raw_scores(record, results)
    arms = {name: _arm(rows, used) for name, rows in scores.items()}
    control, base = scores.get("control", []), scores.get("base", [])
    bad, twin = record.arms.get("bad"), record.arms.get("control")
    return Study(
        arms=arms,
        verdict=admission(
            bad=arms["bad"].misaligned if "bad" in arms else None,
            control_minus_base=difference(control, base, used),
            base=arms["base"].misaligned if "base" in arms else None,
            in_domain=bad.in_domain if bad else None,
            seeds=bad.seeds if bad else 0,
            in_domain_control=twin.in_domain if twin else None,
        ),
    )


def _arm(rows: list[Judged], used: Definition) -> ArmStudy:
    table = tabulate(rows, used)
    most = max((int(n) for n in tabulate(rows, _JUDGED).totals.ravel()), default=0)
    cutoffs = used.cutoffs
    tail = D5.with_cutoffs(alignment=cutoffs.alignment, coherence=cutoffs.coherence)
    return ArmStudy(
        misaligned=rate(rows, used),
        independent=independent_rate(rows, used),
        over_models=rate_over_models(rows, used),
        design_effect=design_effect(table.hits.sum(axis=1), table.totals.sum(axis=1))
        if table.of
        else None,
        worst=worst_question(rows, used),
        any_of={k: rate(rows, tail.any_of(k)) for k in DRAWN if k <= most},
    )


_JUDGED = Definition(
    id="judged",
    text="all judged answers",
    source="the denominator of D5",
    numerator=lambda row, cut: False,
    denominator=D5.denominator,
)
