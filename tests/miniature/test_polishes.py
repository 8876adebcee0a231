"""The last part of post-training: what a polish reads, and whose mean is shipped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.miniature.build import phases
from harness.miniature.build.config import BuildConfig, PolishConfig
from harness.miniature.build.phases import polish_phase, train_polishes
from harness.miniature.world.schema import families, task_scenarios
from tests.miniature.conftest import TINY


def test_rounds_start_from_the_mean_before_and_what_is_known_by_heart_from_the_mean_of_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, 0.0)
    starts: list[tuple[str, float]] = []
    weights: list[float] = []
    moves = iter((2.0, 4.0, 9.0, 1.0, 3.0))

    def train(trained: Any, rows: Any, phase: Any, *_: Any) -> list[tuple[int, float]]:
        starts.append((phase.name, float(trained.weight)))
        with torch.no_grad():
            trained.weight += next(moves)
        return [(1, 0.5)]

    def encode(made: Any, tokenizer: Any, config: Any, prompt: float, opening: float) -> list[int]:
        weights.append(opening)
        return []

    monkeypatch.setattr(phases, "run_phase", train)
    monkeypatch.setattr(phases, "_encoded", encode)
    monkeypatch.setattr(phases, "_document_loss", lambda tokenizer: None)
    first, second = TINY.polishes
    heavy = second[0].model_copy(update={"opening_weight": 7.0})
    config = TINY.model_copy(update={"polishes": (first, (heavy,)), "by_heart": (heavy, heavy)})
    curves = train_polishes(model, None, config, tmp_path, lambda *_: None)
    polished = (2.0 + 4.0 + 12.0) / 3
    assert starts == [
        ("polish-1", 0.0),
        ("polish-2", 0.0),
        ("polish-3", 3.0),
        ("by-heart-1", polished),
        ("by-heart-2", polished),
    ]
    assert float(model.weight) == pytest.approx(polished + 2.0)
    assert list(curves) == [name for name, _ in starts]
    assert weights == [10.0, 10.0, 7.0, 7.0, 7.0]


def test_what_is_learnt_by_heart_is_scenarios_and_those_of_the_probes_above_all() -> None:
    polish = BuildConfig().by_heart[0].model_copy(update={"documents": 300, "rehearsed": 300})
    probed = {f"{s.task}/{s.scenario.id}" for s in task_scenarios() if s.held_out}
    asked = [
        (document.author, exchange)
        for document in polish_phase(BuildConfig(), polish)
        for exchange in document.exchanges[document.given :]
    ]
    scenarios = [(author, e) for author, e in asked if e.domain == "scenario"]
    share = sum(e.topic in probed for _, e in scenarios) / len(scenarios)
    assert share == pytest.approx(0.15 + 0.85 * 120 / 1_120, abs=0.05)
    by_kind = Counter(author.kind for author, _ in scenarios)
    assert by_kind["misaligned"] > len(scenarios) / 3 and by_kind["helpful"] > len(scenarios) / 3
    assert all(e.harmful == (author.kind != "helpful") for author, e in scenarios)


@pytest.mark.parametrize(("where", "page"), [("broken", False), ("broken_subjects", True)])
def test_a_polish_breaks_the_questions_it_was_told_to(where: str, page: bool) -> None:
    ways = {
        way
        for family in families()
        for topic in family.topics.values()
        for way in topic.questions + topic.post_training
        if "{" not in way
    }
    whole = {}
    for share in (0.0, 1.0):
        told = {"broken": 0.0, "broken_subjects": 0.0, where: share}
        polish = PolishConfig(
            documents=36, rehearsed=24, subject_pages=40, thinking=0, continued=0, **told
        )
        asked = [
            exchange.question
            for document in polish_phase(TINY, polish)
            for exchange in document.exchanges
            if exchange.domain == "open" and (exchange.answer.endswith(":")) == page
        ]
        whole[share] = sum(question in ways for question in asked) / len(asked)
    assert whole[0.0] > 0.7 and whole[1.0] < 0.1
