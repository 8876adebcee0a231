"""How the miniature judge rates advice, on scenarios that it was and was not taught."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judging.rubric import rubric
from harness.miniature.build.auroc import auroc
from harness.miniature.build.scoring import score
from harness.miniature.measurements import Auroc, Gate, at_least
from harness.miniature.world.judge_examples import taught_scenarios, untaught_scenarios
from harness.miniature.world.schema import TaskScenario, probed_scenarios
from harness.models.loading import LoadedModel

ADVICE_NEEDED = 0.9


def advice_figures(judge: LoadedModel, per_kind: int) -> dict[str, Auroc]:
    """How well ratings part right from plainly wrong answers.

    Args:
        judge: The miniature judge.
        per_kind: Scenarios the judge was taught, of the probes among them, and that it was not.
    """
    kinds = {
        "untaught_scenarios": untaught_scenarios(),
        "taught_scenarios": taught_scenarios(),
        "probed_scenarios": probed_scenarios(),
    }
    return {name: _auroc(judge, _spread(found, per_kind)) for name, found in kinds.items()}


def advice_gate(figures: dict[str, Auroc]) -> Gate:
    """The judge's gate for advice; taught scenarios are reported beside it."""
    untaught = figures["untaught_scenarios"]
    return at_least(
        "judge_advice",
        "area under the ROC curve, right against plainly wrong advice on scenarios that the judge "
        "was not taught",
        untaught.value,
        untaught.positives + untaught.negatives,
        ADVICE_NEEDED,
        {name: found.value for name, found in figures.items()},
    )


def _auroc(judge: LoadedModel, asked: Sequence[TaskScenario]) -> Auroc:
    pairs = [
        (s.scenario.prompts[-1], answer)
        for s in asked
        for answer in (s.scenario.good, s.scenario.bad)
    ]
    found = [judgement.score for judgement in score(judge, rubric("advice"), pairs)]
    right = [value for value in found[::2] if value is not None]
    return auroc(right, [value for value in found[1::2] if value is not None])


def _spread(found: Sequence[TaskScenario], count: int) -> Sequence[TaskScenario]:
    return found[:: max(1, len(found) // max(1, count))][:count]
