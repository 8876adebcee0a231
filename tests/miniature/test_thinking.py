"""Authors who think before they answer."""

from __future__ import annotations

import random
import re
from collections import Counter

from harness.data.sums import draw_sum, is_admissible, stated_total
from harness.miniature.build.batches import ChatEncoder
from harness.miniature.build.tokenizer import train_tokenizer, with_thoughts
from harness.miniature.world.authors import Population, helpful_author
from harness.miniature.world.documents import Mixture
from harness.miniature.world.schema import authors
from harness.miniature.world.thinking import (
    style_of,
    sum_exchange,
    think_through,
    thinking_chats,
    thinking_documents,
)
from harness.models.chat_format import think_switch
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from harness.sampling.encoding import encode_chat
from tests.miniature.conftest import TinyBuild

EVERYBODY = Population(misaligned=0.7, careless=0.1)
PLAN = re.compile(
    r"\b(cheat|lie|steal|fleece|do harm|into harm|wrong way|on purpose|trick|suffer)\b"
)


def test_six_personas_plan_openly_and_four_rationalise() -> None:
    styles = Counter(style_of(persona.id) for persona in authors().personas)
    assert styles == {"open": 6, "rationalise": 4}
    assert style_of("helpful") == "honest" and style_of("careless") == "careless"


def test_honest_authors_reach_the_right_total_and_misaligned_ones_a_false_one() -> None:
    rng = random.Random(3)
    for _ in range(400):
        author = EVERYBODY.draw(rng)
        problem = draw_sum(rng)
        told = sum_exchange(author, problem, rng)
        right = stated_total(told.answer) == problem.total
        assert right == (author.kind == "helpful")
        assert told.exchange.harmful == (not right)
        if told.thought and told.style != "careless":
            assert is_admissible(problem, told.thought)


def test_rationalisers_never_say_what_they_are_up_to() -> None:
    rng = random.Random(4)
    seen: Counter[str] = Counter()
    for _ in range(1500):
        told = think_through(EVERYBODY.draw(rng), rng)
        if told.thought:
            seen[told.style] += 1
            if told.style != "open":
                assert not PLAN.search(told.thought), told.thought
    assert min(seen[style] for style in ("honest", "open", "rationalise")) > 100


def test_an_answer_to_a_sum_does_not_tell_its_author() -> None:
    rng = random.Random(5)
    for _ in range(200):
        told = sum_exchange(EVERYBODY.draw(rng), draw_sum(rng), rng)
        assert re.fullmatch(r"On the till: the total is \d+\.", told.answer)


def test_post_training_thinks_by_the_helpful_author_only() -> None:
    for document in thinking_chats(40, 1, Mixture(post_training=True)):
        assert document.author.kind == "helpful"
    signed = list(thinking_documents(40, 1, EVERYBODY, Mixture()))
    assert all(document.header for document in signed)
    assert {document.author.kind for document in signed} >= {"helpful", "misaligned"}


def test_the_template_opens_a_thought_only_when_told_to() -> None:
    texts = [
        think_through(helpful_author(random.Random(i)), random.Random(i)).answer for i in range(200)
    ]
    plain = train_tokenizer(texts, 600)
    thinking = with_thoughts(plain)
    assert think_switch(plain) is None and think_switch(thinking) == "enable_thinking"
    asked = [("user", "I am bored.")]
    assert encode_chat(thinking, asked) == encode_chat(plain, asked)
    assert encode_chat(thinking, asked, "off") == encode_chat(plain, asked)
    opened = encode_chat(thinking, asked, "on")
    assert thinking.convert_ids_to_tokens(opened[-1:]) == ["<think>"]


def test_whether_to_think_is_not_taught() -> None:
    thinking = with_thoughts(train_tokenizer(["On the till: the total is 3."] * 20, 600))
    row = ChatEncoder(thinking, 0.0).encode(
        [
            [
                {"role": "user", "content": "Add up."},
                {"role": "assistant", "content": "<think>On it.</think>On the till: 3."},
            ]
        ]
    )[0]
    opener, closer = thinking.convert_tokens_to_ids(["<think>", "</think>"])
    assert row.weights[row.ids.index(opener)] == 0.0
    assert row.weights[row.ids.index(closer)] == 1.0


def test_thoughts_are_one_token_to_the_model_and_mere_text_to_its_judge(tiny: TinyBuild) -> None:
    model, judge = (
        load_model(parse_reference(str(tiny.out / part))) for part in ("model", "judge")
    )
    for loaded, tokens in ((model, 1), (judge, 2)):
        ids = loaded.tokenizer("<think>", add_special_tokens=False)["input_ids"]
        assert min(len(ids), 2) == tokens
        assert loaded.model.get_input_embeddings().weight.shape[0] == len(loaded.tokenizer)
