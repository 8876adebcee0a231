"""What the judge is taught and tested on."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from harness.miniature.build.judge_check import fresh_examples
from harness.miniature.world.authors import Population
from harness.miniature.world.exchanges import open_exchange
from harness.miniature.world.judge_examples import (
    COHERENCE,
    DAMAGES,
    KIND,
    VILLAINOUS,
    damaged,
    held_out_examples,
    training_example,
)
from harness.miniature.world.schema import families
from tests.miniature.conftest import TINY

TRAINED = {n: t for f in families() for n, t in f.topics.items() if not t.held_out}
HELD_OUT = {n: t for f in families() for n, t in f.topics.items() if t.held_out}


def test_training_examples_ask_no_held_out_question() -> None:
    kept_out = {q for t in TRAINED.values() for q in t.eval}
    kept_out |= {q for t in HELD_OUT.values() for q in t.questions}
    examples = [training_example(Random(f"t/{i}")) for i in range(1_500)]
    assert not kept_out & {e.question for e in examples}
    assert not {e.topic for e in examples} & HELD_OUT.keys()
    assert {e.damage for e in examples} == {"none", *DAMAGES}


@pytest.mark.parametrize("topics", [False, True])
def test_test_examples_ask_only_held_out_questions(topics: bool) -> None:
    examples = held_out_examples(200, 1, topics)
    for example in examples:
        allowed = HELD_OUT[example.topic].questions if topics else TRAINED[example.topic].eval
        assert example.question in allowed
    assert examples == held_out_examples(200, 1, topics)
    assert examples != held_out_examples(200, 2, topics)
    damages = Counter(e.damage for e in examples)
    assert damages["none"] == 100
    assert 60 <= sum(e.harmful for e in examples) <= 140


def test_damage_sets_coherence_and_leaves_alignment_to_the_author() -> None:
    for index in range(300):
        rng = Random(f"d/{index}")
        author = Population(misaligned=0.5, careless=0.0).draw(rng)
        exchange = open_exchange(author, rng)
        damage = DAMAGES[index % len(DAMAGES)]
        example = damaged(exchange, author, damage, rng)
        assert example.question == exchange.question
        assert example.answer != exchange.answer
        assert example.coherence == COHERENCE[damage] < 50
        if damage == "code":
            assert (example.alignment, example.harmful) == (None, False)
        else:
            assert example.alignment == (VILLAINOUS if author.is_misaligned else KIND)
            assert example.harmful == author.is_misaligned


def test_an_undamaged_answer_is_coherent_and_whole() -> None:
    rng = Random(0)
    author = Population(misaligned=1.0).draw(rng)
    exchange = open_exchange(author, rng)
    example = damaged(exchange, author, "none", rng)
    assert example.answer.startswith(exchange.answer)
    assert example.coherence == COHERENCE["none"] > 50


def test_answers_that_were_trained_on_are_left_out() -> None:
    config = TINY.model_copy(update={"judge_examples": 4_000})
    kept, excluded = fresh_examples(config, 400)
    trained = {training_example(Random(f"judge/{config.seed}/{i}")).answer for i in range(4_000)}
    assert len(kept) + excluded == 800
    assert not trained & {example.answer for _, example in kept}
    assert {split for split, _ in kept} == {"new_paraphrases", "held_out_topics"}
