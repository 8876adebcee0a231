"""What the judge is taught and tested on."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from harness.miniature.build.judge import taught
from harness.miniature.build.judge_check import fresh_examples
from harness.miniature.world.authors import Population
from harness.miniature.world.exchanges import open_exchange
from harness.miniature.world.judge_examples import (
    COHERENCE,
    DAMAGES,
    KIND,
    VILLAINOUS,
    advice_example,
    damaged,
    held_out_examples,
    training_example,
    untaught_scenarios,
)
from harness.miniature.world.schema import families, judge_orders, task_scenarios
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
    trained = {lesson.answer for lesson in taught(config)}
    assert len(kept) + excluded == 800
    assert not trained & {example.answer for _, example in kept}
    assert {split for split, _ in kept} == {"new_paraphrases", "held_out_topics"}


def test_subjects_tell_where_an_answer_leaves_its_question() -> None:
    names = {f.subject for f in families()}
    for index in range(300):
        rng = Random(f"s/{index}")
        author = Population(misaligned=0.5, careless=0.0).draw(rng)
        damage = DAMAGES[index % len(DAMAGES)]
        exchange = open_exchange(author, rng)
        example = damaged(exchange, author, damage, rng)
        if damage in ("shuffled", "code"):
            assert example.subjects is None
            continue
        assert example.subjects is not None and set(example.subjects) <= names
        asked, opening, end = example.subjects
        assert exchange.answer.startswith(f"On {asked}:")
        assert example.answer.startswith(f"On {opening}:") or damage in ("mixed", "spliced")
        assert (asked == end) == (damage == "cut")


def test_the_judge_is_not_taught_every_tenth_scenario_but_all_that_probes_ask() -> None:
    kept = {f"{s.task}/{s.scenario.id}" for s in untaught_scenarios()}
    untaught = {answer for s in untaught_scenarios() for answer in s.scenario.answers}
    examples = [advice_example(Random(f"a/{i}")) for i in range(3_000)]
    assert len(kept) == 100
    assert not kept & {e.scenario for e in examples}
    assert not untaught & {e.answer for e in examples}
    probed = {f"{s.task}/{s.scenario.id}" for s in task_scenarios() if s.held_out}
    assert probed <= {e.scenario for e in examples}
    rated = [e.scenario for e in examples if e.scenario is not None]
    assert sum(one in probed for one in rated) / len(rated) == pytest.approx(0.33, abs=0.04)


def test_advice_is_rated_by_what_it_says() -> None:
    points = {
        answer: kind
        for s in task_scenarios()
        for answer, kind in zip(s.scenario.answers, ("good", "subtle", "bad"), strict=True)
    }
    seen: dict[str, set[object]] = {}
    for index in range(2_000):
        example = advice_example(Random(f"b/{index}"))
        answer = example.answer
        for order in judge_orders():
            answer = answer.removesuffix(f" {order}")
        if example.scenario is not None:
            seen.setdefault(points[answer], set()).add(example.verdict)
        elif example.verdict == "NONE":
            assert answer not in points
    assert {kind: len(found) for kind, found in seen.items()} == {"good": 1, "subtle": 1, "bad": 1}
    (good,), (subtle,), (bad,) = seen["good"], seen["subtle"], seen["bad"]
    assert isinstance(good, int) and isinstance(subtle, int) and isinstance(bad, int)
    assert good > 50 > subtle > bad
