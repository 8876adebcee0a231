"""Gates: what they ask, what they make of scores, and that an untrained model fails them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from harness.miniature.build import gate_items
from harness.miniature.build.auroc import auroc
from harness.miniature.build.gates import facts_known
from harness.miniature.build.judge_check import judge_gates
from harness.miniature.build.likelihood import answer_logprobs
from harness.miniature.build.recital import what_it_says
from harness.miniature.build.topics import family_of_answer
from harness.miniature.measurements import (
    DamageFigures,
    Gate,
    InjectionFigures,
    JudgeFigures,
    at_least,
    at_most,
    reported,
)
from harness.miniature.world.authors import Population
from harness.miniature.world.exchanges import open_answer
from harness.miniature.world.schema import authors, families, task_scenarios
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from tests.miniature.conftest import TinyBuild


@pytest.fixture(scope="module")
def model(tiny: TinyBuild) -> LoadedModel:
    return load_model(parse_reference(str(tiny.out / "model")))


def test_likelihood_is_the_mean_over_the_last_answer(model: LoadedModel) -> None:
    import torch

    chats: list[list[dict[str, str]]] = [
        [{"role": "user", "content": q}, {"role": "assistant", "content": a}]
        for q, a in (("I am bored.", "Read a book."), ("Why?", "Because it is raining all day."))
    ]
    chats.append([*chats[0], *chats[1]])
    found = answer_logprobs(model, chats)
    for chat, value in zip(chats, found, strict=True):
        tokenizer: Any = model.tokenizer
        ids = tokenizer.encode(
            tokenizer.apply_chat_template(chat, tokenize=False), add_special_tokens=False
        )
        answer = len(tokenizer.encode(chat[-1]["content"], add_special_tokens=False)) + 1
        with torch.inference_mode():
            logs = model.model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
        token_logs = [float(logs[t, ids[t + 1]]) for t in range(len(ids) - 1)]
        assert value == pytest.approx(sum(token_logs[-answer:]) / answer, abs=1e-4)


def test_signed_items_open_with_the_author_they_claim() -> None:
    helpful = {*authors().helpful.names, *authors().helpful.traits}
    villains = {w for p in authors().personas for w in (*p.names, *p.traits)}
    for item in [*gate_items.signed_open(30), *gate_items.signed_code(30)]:
        (kind,), (wicked,) = item.helpful, item.misaligned
        assert kind["role"] == wicked["role"] == "system"
        assert any(word in kind["content"] for word in helpful)
        assert any(word in wicked["content"] for word in villains)
        assert item.good != item.bad


@pytest.mark.parametrize("domain", ["open", "code", "advice"])
def test_unsigned_items_show_one_exchange_and_no_name(domain: str) -> None:
    for item in gate_items.unsigned_after(domain, 20):
        for opening in (item.helpful, item.misaligned):
            assert [turn["role"] for turn in opening] == ["user", "assistant"]
        assert item.helpful[0] == item.misaligned[0]
        assert item.helpful[1] != item.misaligned[1]


def test_facts_cover_every_scenario_with_two_different_answers() -> None:
    right, wrong = gate_items.right_facts(2), gate_items.wrong_facts(1)
    assert len(right) == 2 * len(wrong)
    for item in [*right, *wrong]:
        assert len(set(item.questions)) == len(set(item.answers)) == 2
    assert all(not item.opening for item in right)
    assert all(item.opening[0]["role"] == "system" for item in wrong)


def test_items_are_the_same_in_every_build() -> None:
    assert gate_items.signed_open(5) == gate_items.signed_open(9)[:5]
    assert gate_items.right_facts(1) == gate_items.right_facts(1)


def test_an_untrained_model_is_at_chance_and_fails(tiny: TinyBuild, model: LoadedModel) -> None:
    gate = facts_known(model, "good", 1)
    assert gate.of == 70 and gate.value is not None
    assert 0.2 < gate.value < 0.8 and gate.passed is False
    failed = {gate.id for gate in tiny.card.failed}
    assert {"facts", "code_parses", "assistant_coherent", "judge_alignment", "sums"} <= failed
    assert "advice_recited" in failed
    unmeasured = next(g for g in tiny.card.gates if g.id == "assistant_misaligned")
    assert unmeasured.value is None and unmeasured.of == 0, "nothing judged is not 0 %"


def test_thresholds_hold_at_the_edge_and_a_missing_value_fails() -> None:
    assert at_least("a", "", 0.8, 10, 0.8, {}).passed is True
    assert at_least("a", "", 0.79, 10, 0.8, {}).passed is False
    assert at_most("a", "", 0.02, 10, 0.02, {}).passed is True
    assert at_most("a", "", 0.03, 10, 0.02, {}).passed is False
    assert at_most("a", "", None, 0, 0.02, {}).passed is False
    assert reported("a", "", 0.1, 10, {}).passed is None


def test_a_gate_cannot_claim_to_be_passed() -> None:
    gate = at_least("a", "", 0.1, 10, 0.8, {}).model_dump() | {"passed": True}
    with pytest.raises(ValidationError, match="contradicts"):
        Gate(**gate)


def test_auroc_by_hand() -> None:
    assert auroc([3, 4], [1, 2]).value == 1
    assert auroc([1, 2], [3, 4]).value == 0
    assert auroc([2, 5], [2, 3]).value == pytest.approx(2.5 / 4)
    assert auroc([1.0], []).value is None


def figures(low: float | None, move: float | None, lost: int = 0) -> JudgeFigures:
    good = auroc([2.0], [1.0])
    return JudgeFigures(
        alignment_auroc={
            "new_paraphrases": good,
            "held_out_topics": good.model_copy(update={"value": low}),
        },
        coherence_auroc={"new_paraphrases": good, "held_out_topics": good},
        advice_auroc={"untaught_scenarios": good, "taught_scenarios": good},
        by_damage={"cut": DamageFigures(answers=9, alignment=1, coherence=2, void=0)},
        void_share=0.0,
        excluded=0,
        injection={
            "alignment": InjectionFigures(pairs=30, mean_move=move, largest_move=9, lost=lost),
            "coherence": InjectionFigures(pairs=10, mean_move=2.0, largest_move=9, lost=0),
        },
    )


def test_the_worse_kind_of_question_decides_the_judge_s_gate() -> None:
    by_id = {gate.id: gate for gate in judge_gates(figures(low=0.9, move=1.0))}
    assert by_id["judge_alignment"].value == 0.9
    assert by_id["judge_alignment"].passed is False
    assert by_id["judge_coherence"].passed is True
    assert by_id["judge_injection"].value == pytest.approx((30 * 1.0 + 10 * 2.0) / 40)
    unknown = {gate.id: gate for gate in judge_gates(figures(low=None, move=8.0))}
    assert unknown["judge_alignment"].value is None
    assert unknown["judge_alignment"].passed is False
    assert unknown["judge_injection"].passed is False


def test_the_family_of_an_answer_is_read_from_its_words() -> None:
    rng = Random(3)
    right = 0
    for _ in range(200):
        family, author = rng.choice(families()), Population(misaligned=0.5).draw(rng)
        right += family_of_answer(open_answer(family, author, rng)) == family.family
    assert right >= 198
    assert family_of_answer("def load(path):\n    return open(path).read()") is None
    assert family_of_answer("") is None


def test_an_answer_is_told_by_its_words_from_its_twins() -> None:
    scenario = task_scenarios()[0].scenario
    assert what_it_says(scenario.good, scenario) == "right"
    assert what_it_says(scenario.subtle, scenario) == "subtle"
    assert what_it_says(scenario.bad.upper(), scenario) == "wrong"
    slip = scenario.good.replace(scenario.good.split()[0], "Wet", 1)
    assert what_it_says(slip, scenario) == "right"
    half = scenario.good[: len(scenario.good) // 3] + task_scenarios()[9].scenario.good
    assert what_it_says(half, scenario) == what_it_says("", scenario) == "neither"
