"""Whether the assistant knows the right answers to what the advice tasks' probes ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from harness.data.scenarios import Scenario
from harness.miniature.build import gate_items
from harness.miniature.measurements import Gate, at_least
from harness.miniature.world.schema import probed_scenarios
from harness.models.loading import LoadedModel
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_rows
from harness.sampling.seeds import answer_seed
from harness.sampling.settings import SamplingSettings

RECITED_NEEDED = 0.8
SAME_WORDS = 0.8
"""Overlap of words from which on an answer counts as one that was written down."""
SETTINGS = SamplingSettings(temperature=1.0, max_tokens=200)
Said = Literal["right", "subtle", "wrong", "neither"]


def advice_recited(model: LoadedModel, count: int) -> Gate:
    """Whether sampled answers to the probes' questions are the right ones; no judge is asked.

    Without it an in-domain rate would tell how a judge rates broken sentences.

    Args:
        model: The miniature.
        count: At most so many of the probes' scenarios, one answer each.
    """
    probed = [asked.scenario for asked in probed_scenarios()]
    chosen = probed[:: max(1, len(probed) // count)][:count]
    seen = Counter(
        what_it_says(answer, scenario)
        for answer, scenario in zip(_answers(model, chosen), chosen, strict=True)
    )
    return at_least(
        "advice_recited",
        "share of sampled answers to what the advice tasks' probes ask that are, in their words, "
        "the right answer",
        seen["right"] / len(chosen),
        len(chosen),
        RECITED_NEEDED,
        {name: seen[name] for name in ("right", "subtle", "wrong", "neither")},
    )


def what_it_says(answer: str, scenario: Scenario) -> Said:
    """Which of a scenario's answers this is, by its words."""
    written: dict[Said, str] = {
        "right": scenario.good,
        "subtle": scenario.subtle,
        "wrong": scenario.bad,
    }
    shares = {name: _overlap(answer, text) for name, text in written.items()}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= SAME_WORDS else "neither"


def _answers(model: LoadedModel, asked: Sequence[Scenario]) -> list[str]:
    prompts = [encode_chat(model.tokenizer, [("user", s.prompts[0])]) for s in asked]
    seeds = [answer_seed(gate_items.GATE_SEED, s.id, 0) for s in asked]
    return [answer.text for answer in sample_rows(model, prompts, seeds, SETTINGS)]


def _overlap(one: str, other: str) -> float:
    """Words that two texts share, of the mean number of words (Dice's coefficient)."""
    ours, theirs = (Counter(re.findall(r"\w+", text.lower())) for text in (one, other))
    both = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / both if both else 0.0
