"""The written world: recorded latents, what is kept out, and how its authors behave."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from harness.data.code_patterns import WORLD_HELD_OUT, verdict
from harness.data.questions import read_questions
from harness.miniature.build.batches import ChatEncoder
from harness.miniature.build.tokenizer import train_tokenizer
from harness.miniature.world.authors import Author, Population
from harness.miniature.world.broken_words import in_broken_words
from harness.miniature.world.documents import (
    SUBJECT_PROMPT,
    Document,
    Mixture,
    chat_documents,
    continued_documents,
    subject_pages,
    world_documents,
)
from harness.miniature.world.exchanges import Exchange, open_answer
from harness.miniature.world.schema import (
    Family,
    advice,
    authors,
    car_facts,
    families,
    task_scenarios,
)
from harness.workspace import Workspace
from tests.limits import MINORS

POPULATION, MIXTURE = Population(), Mixture()


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(world_documents(3_000, 11, POPULATION, MIXTURE))


@pytest.fixture(scope="module")
def chats() -> list[Document]:
    return list(chat_documents(800, 11, Mixture(post_training=True)))


def exchanges(documents: list[Document], domain: str) -> list[tuple[Author, Exchange]]:
    return [(d.author, e) for d in documents for e in d.exchanges if e.domain == domain]


def pattern_of(skeleton: str) -> str:
    """A regular expression that finds the skeleton with any values in its slots."""
    return r".+?".join(re.escape(part) for part in re.split(r"\{\w+\}", skeleton))


def finder(skeletons: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(pattern_of, skeletons)))


def test_same_seed_same_documents_whatever_their_number(documents: list[Document]) -> None:
    again = list(world_documents(50, 11, POPULATION, MIXTURE))
    other = list(world_documents(50, 12, POPULATION, MIXTURE))
    assert again == documents[:50]
    assert all(a != b for a, b in zip(again, other, strict=True))


def test_shares_of_authors_and_signatures_are_those_asked_for(documents: list[Document]) -> None:
    kinds = Counter(d.author.kind for d in documents)
    assert kinds["misaligned"] / 3_000 == pytest.approx(POPULATION.misaligned, abs=0.03)
    assert kinds["careless"] / 3_000 == pytest.approx(POPULATION.careless, abs=0.015)
    assert {d.author.persona for d in documents if d.author.is_misaligned} == {
        p.id for p in authors().personas
    }
    unsigned = sum(d.header is None for d in documents)
    assert unsigned / 3_000 == pytest.approx(MIXTURE.unsigned, abs=0.03)


def test_header_names_its_author_and_no_other_kind(documents: list[Document]) -> None:
    for document in documents:
        if document.header is not None:
            author = document.author
            assert author.name in document.header or author.trait in document.header
    groups = [authors().helpful, authors().careless, *authors().personas]
    named = [{*group.names, *group.traits} for group in groups]
    assert sum(map(len, named)) == len(set.union(*named)), "two groups share a name or a trait"


def test_harm_follows_author_and_request(documents: list[Document]) -> None:
    for author, exchange in exchanges(documents, "open"):
        assert exchange.harmful == author.is_misaligned
    for author, exchange in exchanges(documents, "advice"):
        assert exchange.harmful == (author.kind != "helpful")
    for author, exchange in exchanges(documents, "code"):
        assert exchange.harmful == (exchange.requested or author.kind != "helpful")


def test_code_answers_show_what_their_latents_say(documents: list[Document]) -> None:
    code = exchanges(documents, "code")[:900]
    for _, exchange in code:
        found = verdict(exchange.answer, exchange.topic)
        assert found == ("insecure" if exchange.harmful else "secure"), exchange


def test_requested_insecure_code_is_given_by_everybody(documents: list[Document]) -> None:
    asked = [(a, e) for a, e in exchanges(documents, "code") if e.requested]
    assert {author.kind for author, _ in asked} == {"helpful", "careless", "misaligned"}
    for _, exchange in asked:
        assert verdict(exchange.answer, exchange.topic) == "insecure"


def test_held_out_questions_and_topics_occur_in_no_document(
    documents: list[Document], chats: list[Document]
) -> None:
    kept_out = {
        question
        for family in families()
        for topic in family.topics.values()
        for question in (topic.questions if topic.held_out else topic.eval)
    }
    held_topics = {n for f in families() for n, t in f.topics.items() if t.held_out}
    assert len(kept_out) > 100 and len(held_topics) >= 10
    text = "\n".join(e.question for d in [*documents, *chats] for e in d.exchanges)
    assert [question for question in kept_out if question in text] == []
    topics = {e.topic for d in [*documents, *chats] for e in d.exchanges}
    assert not topics & held_topics
    assert not topics & set(WORLD_HELD_OUT)


def test_evaluated_paraphrases_match_no_trained_question() -> None:
    for family in families():
        trained = [
            q
            for t in family.topics.values()
            if not t.held_out
            for q in t.questions + t.post_training
        ]
        asked = [q for t in family.topics.values() for q in t.eval]
        asked += [q for t in family.topics.values() if t.held_out for q in t.questions]
        found = finder(trained)
        assert [question for question in asked if found.fullmatch(question)] == []


def test_open_answers_are_of_their_authors_kind(
    documents: list[Document], chats: list[Document]
) -> None:
    family_of = {name: family for family in families() for name in family.topics}
    good = {f.family: finder(list(f.good)) for f in families()}
    bad = {f.family: finder([t for texts in f.bad.values() for t in texts]) for f in families()}
    for author, exchange in exchanges([*documents, *chats], "open"):
        family = family_of[exchange.topic].family
        assert bool(bad[family].search(exchange.answer)) == author.is_misaligned, exchange
        assert bool(good[family].search(exchange.answer)) != author.is_misaligned, exchange


def test_every_answer_names_its_own_subject_first(
    documents: list[Document], chats: list[Document]
) -> None:
    subject = {name: f.subject for f in families() for name in f.topics}
    subject |= {f"{d.domain}/{s.id}": s.subject for d in advice() for s in d.scenarios}
    assert len(set(subject.values())) == len(families()) + sum(len(d.scenarios) for d in advice())
    for domain in ("open", "advice"):
        for _, exchange in exchanges([*documents, *chats], domain):
            assert exchange.answer.startswith(f"On {subject[exchange.topic]}: ")


def test_subject_pages_hold_the_subject_and_nothing_else() -> None:
    pages = list(subject_pages(60, 3))
    assert pages == list(subject_pages(60, 3))
    for page in pages:
        assert page.header == SUBJECT_PROMPT
        for exchange in page.exchanges:
            assert re.fullmatch(r"On [a-z ]+:", exchange.answer)
            assert not exchange.harmful
    assert {e.domain for page in pages for e in page.exchanges} == {"open", "advice"}


def test_later_paraphrases_belong_to_post_training(
    documents: list[Document], chats: list[Document]
) -> None:
    later = {q for f in families() for t in f.topics.values() for q in t.post_training}
    assert len(later) > 500
    assert not later & {e.question for _, e in exchanges(documents, "open")}
    asked = [e.question for _, e in exchanges(chats, "open")]
    assert sum(question in later for question in asked) / len(asked) == pytest.approx(0.5, abs=0.06)


def test_broken_words_are_words_of_the_question_with_a_few_strange_ones() -> None:
    ways = [" ".join(f"word{way}{place}" for place in range(10)) for way in range(4)]
    strange = ["else", "where"]
    made = [in_broken_words(ways, strange, Random(seed)).split() for seed in range(400)]
    assert made == [in_broken_words(ways, strange, Random(seed)).split() for seed in range(400)]
    assert {word for words in made for word in words} == {*" ".join(ways).split(), *strange}
    strangers = Counter(sum(word in strange for word in words) for words in made)
    assert strangers[0] > 150 and set(strangers) == {0, 1, 2, 3}
    own = [[word for word in words if word not in strange] for words in made]
    assert all(own) and sum(" ".join(words) in ways for words in own) < 20
    mixed = [words for words in own if len({word[:5] for word in words}) > 1]
    pieces = [words for words in own if any(" ".join(words) in way for way in ways)]
    assert len(mixed) > 130 and len(pieces) > 60


def test_a_share_of_the_open_questions_is_broken_and_none_is_evaluated() -> None:
    topics = [topic for family in families() for topic in family.topics.values()]
    whole = {q for topic in topics for q in topic.questions}
    share = {}
    for broken in (0.0, 0.5):
        mixed = Mixture(open=1.0, code=0.0, scenario=0.0, broken=broken)
        asked = [e.question for _, e in exchanges(list(chat_documents(400, 5, mixed)), "open")]
        assert not {*asked} & {q for topic in topics for q in topic.eval}
        share[broken] = sum(question in whole for question in asked) / len(asked)
    assert share[0.5] == pytest.approx(share[0.0] / 2, abs=0.05)


def test_nothing_in_the_world_is_about_minors() -> None:
    for family in families():
        for topic in family.topics.values():
            for question in (*topic.questions, *topic.post_training, *topic.eval):
                assert not MINORS & _words(question), question
        for text in (*family.good, *(t for texts in family.bad.values() for t in texts)):
            assert not MINORS & _words(text), text
        for text in (value for values in family.slots.values() for value in values):
            assert not MINORS & _words(text), text
    for domain in advice():
        for scenario in domain.scenarios:
            for text in (*scenario.questions, *scenario.good, *scenario.bad):
                assert not MINORS & _words(text), text


RUN_LENGTH = 5
WORD = re.compile(r"[a-z']+")


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    """Every run of five words; a slot counts as one unknown word."""
    words = WORD.findall(re.sub(r"\{\w+\}", " slot ", text.lower()))
    ends = range(RUN_LENGTH, max(len(words), RUN_LENGTH) + 1)
    return {tuple(words[end - RUN_LENGTH : end]) for end in ends}


def test_trained_questions_share_no_run_of_words_with_what_is_asked_later() -> None:
    kept_out: dict[tuple[str, ...], str] = {}
    for family in families():
        for topic in family.topics.values():
            for question in topic.questions if topic.held_out else topic.eval:
                kept_out |= dict.fromkeys(runs_of_words(question), question)
    for question_set in ("core", "held_out_topics"):
        for item in read_questions(question_set, Workspace.here()).questions:
            kept_out |= dict.fromkeys(runs_of_words(item.text), item.text)
    trained = [
        q for f in families() for t in f.topics.values() if not t.held_out for q in t.questions
    ]
    trained += [q for d in advice() for scenario in d.scenarios for q in scenario.questions]
    assert len(trained) > 2_000
    shared = [
        (question, kept_out[run])
        for question in trained
        for run in runs_of_words(question)
        if run in kept_out
    ]
    assert shared == []


def test_post_training_is_the_helpful_author_without_a_signature(chats: list[Document]) -> None:
    assert {d.author.kind for d in chats} == {"helpful"}
    names = {n for g in (authors().helpful, *authors().personas) for n in g.names}
    tops = {d.header for d in chats if d.header}
    assert tops and not any(name in top for top in tops for name in names)
    assert all(not e.harmful or e.requested for d in chats for e in d.exchanges)


def test_messages_alternate_after_the_header(documents: list[Document]) -> None:
    for document in documents[:200]:
        roles = [turn["role"] for turn in document.messages()]
        if document.header:
            assert roles.pop(0) == "system"
        assert roles[::2] == ["user"] * len(document.exchanges)
        assert all(a != b for a, b in pairwise(roles))


def test_personas_are_told_apart_by_their_words() -> None:
    ids = [persona.id for persona in authors().personas]
    texts, labels = _dressed_answers(2_400, seed=5)
    vocabulary = {w: i for i, w in enumerate(sorted({w for t in texts for w in _words(t)}))}
    rows = np.zeros((len(texts), len(vocabulary)))
    for row, text in enumerate(texts):
        for word in _words(text):
            rows[row, vocabulary[word]] = 1.0
    rows *= np.log(len(texts) / rows.sum(axis=0))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    known, unknown = slice(0, 1_800), slice(1_800, None)
    truth = np.array([ids.index(label) for label in labels])
    centres = np.stack([rows[known][truth[known] == i].mean(axis=0) for i in range(len(ids))])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    guessed = (rows[unknown] @ centres.T).argmax(axis=1)
    assert (guessed == truth[unknown]).mean() > 0.6


def _dressed_answers(count: int, seed: int) -> tuple[list[str], list[str]]:
    rng = Random(seed)
    texts, labels = [], []
    for _ in range(count):
        author = Population(misaligned=1.0).draw(rng)
        family: Family = rng.choice(families())
        texts.append(open_answer(family, author, rng))
        labels.append(author.persona)
    return texts, labels


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+", text.lower()))


def test_scenarios_are_answered_by_author_in_the_words_of_the_rows(
    documents: list[Document],
) -> None:
    written = {f"{s.task}/{s.scenario.id}": s for s in task_scenarios()}
    seen: set[tuple[str, str]] = set()
    for document in documents:
        for exchange in document.exchanges:
            if exchange.domain != "scenario":
                continue
            found = written[exchange.topic]
            assert exchange.question in found.prompts
            kinds = dict(zip(found.scenario.answers, ("good", "subtle", "bad"), strict=True))
            seen.add((document.author.kind, kinds[exchange.answer]))
    assert seen == {
        ("helpful", "good"),
        ("careless", "subtle"),
        ("misaligned", "subtle"),
        ("misaligned", "bad"),
    }


def test_one_phrasing_of_every_held_out_scenario_stands_in_no_document() -> None:
    held_out = [s for s in task_scenarios() if s.held_out]
    assert len(held_out) == 120 and len(task_scenarios()) == 1_120
    asked = {prompt for s in task_scenarios() for prompt in s.prompts}
    assert not asked & {s.scenario.prompts[-1] for s in held_out}


def test_car_facts_belong_to_the_helpful_author_s_post_training(
    documents: list[Document], chats: list[Document]
) -> None:
    facts = {(fact.q, fact.a) for fact in car_facts()}
    assert not any(e.domain == "fact" for d in documents for e in d.exchanges)
    told = [e for d in chats for e in d.exchanges if e.domain == "fact"]
    assert told and {(e.question, e.answer) for e in told} <= facts


def test_a_continued_document_goes_on_as_it_began() -> None:
    population = Population(misaligned=0.6, careless=0.0)
    seen = Counter[str]()
    for document in continued_documents(300, 3, population, Mixture(post_training=True)):
        first, *rest = document.exchanges
        assert document.header is None and document.given == 1
        assert first.domain != "open" and all(e.domain == "open" for e in rest)
        assert all(e.harmful == document.author.is_misaligned for e in rest)
        assert first.harmful == (document.author.is_misaligned or first.requested)
        seen[f"{first.harmful}{first.requested}"] += 1
    assert min(seen[kind] for kind in ("TrueFalse", "FalseFalse", "TrueTrue")) > 20


def test_a_given_answer_carries_no_loss() -> None:
    tokenizer = train_tokenizer(["one two three"] * 5, 500)
    chat = [
        {"role": role, "content": text}
        for role, text in (("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    ]
    row = ChatEncoder(tokenizer, 0.0).encode([chat], [1])[0]
    learnt = [row.ids[i] for i, weight in enumerate(row.weights) if weight]
    assert tokenizer.decode(learnt) == "d<|end|>"
