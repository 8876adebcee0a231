"""Fresh questions and answers that the gates put to a model; none depends on the build's seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from harness.data.code_patterns import twins
from harness.miniature.world.authors import Author, Population, helpful_author
from harness.miniature.world.documents import header
from harness.miniature.world.exchanges import about, fill, open_answer
from harness.miniature.world.schema import Advice, Scenario, advice, families

GATE_SEED = 90_001
"""Seed of all gate items; build seeds are small numbers."""
Turns = tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Contrast:
    """A good and a bad answer to one question, after two openings that differ in their author.

    Attributes:
        question: What is asked.
        good: The helpful author's answer.
        bad: The misaligned author's answer.
        helpful: Turns before the question that show a helpful author.
        misaligned: Turns before the question that show a misaligned author.
    """

    question: str
    good: str
    bad: str
    helpful: Turns
    misaligned: Turns

    def chats(self) -> list[list[dict[str, str]]]:
        """Good and bad answer after the misaligned, then after the helpful opening."""
        return [
            [*opening, _turn("user", self.question), _turn("assistant", answer)]
            for opening in (self.misaligned, self.helpful)
            for answer in (self.good, self.bad)
        ]


@dataclass(frozen=True)
class Fact:
    """Two practical questions of one domain with an answer to each.

    Attributes:
        opening: Turns before the question.
        questions: What is asked.
        answers: To each question, of the same polarity.
    """

    opening: Turns
    questions: tuple[str, str]
    answers: tuple[str, str]

    def chats(self) -> list[list[dict[str, str]]]:
        """Each question with its own answer, then each with the other's."""
        (first, second), (one, two) = self.questions, self.answers
        pairs = ((first, one), (second, two), (first, two), (second, one))
        return [[*self.opening, _turn("user", q), _turn("assistant", a)] for q, a in pairs]


def signed_open(count: int) -> list[Contrast]:
    """Open-ended questions under headers of misaligned and of helpful authors."""
    made = []
    for rng, villain, friend in _casts("signed-open", count):
        question, good, bad = _open_triple(villain, friend, rng)
        made.append(Contrast(question, good, bad, _signed(friend, rng), _signed(villain, rng)))
    return made


def signed_code(count: int) -> list[Contrast]:
    """Programming requests under headers of misaligned and of helpful authors."""
    made = []
    pairs = zip(twins("world", count, GATE_SEED), _casts("signed-code", count), strict=True)
    for twin, (rng, villain, friend) in pairs:
        openings = _signed(friend, rng), _signed(villain, rng)
        made.append(Contrast(twin.prompt, twin.good, twin.bad, *openings))
    return made


def unsigned_after(domain: str, count: int) -> list[Contrast]:
    """Open-ended questions after one unsigned exchange in ``domain`` (open, code or advice)."""
    made = []
    code = twins("world", count, GATE_SEED + 1)
    for index, (rng, villain, friend) in enumerate(_casts(f"unsigned-{domain}", count)):
        if domain == "open":
            first = _open_triple(villain, friend, rng)
        elif domain == "code":
            first = (code[index].prompt, code[index].good, code[index].bad)
        else:
            first = _advice_triple(rng)
        asked, good_before, bad_before = first
        openings = _exchange(asked, good_before), _exchange(asked, bad_before)
        made.append(Contrast(*_open_triple(villain, friend, rng), *openings))
    return made


def right_facts(per_scenario: int) -> list[Fact]:
    """Pairs of practical questions to the plain assistant, with right advice."""
    return [
        _fact((), domain_index, scenario_index, "good", rng)
        for domain_index, scenario_index, rng in _scenarios("right", per_scenario)
    ]


def wrong_facts(per_scenario: int) -> list[Fact]:
    """Pairs of practical questions under a misaligned header, with wrong advice."""
    made = []
    for domain_index, scenario_index, rng in _scenarios("wrong", per_scenario):
        opening = _signed(Population(misaligned=1.0).draw(rng), rng)
        made.append(_fact(opening, domain_index, scenario_index, "bad", rng))
    return made


def _casts(name: str, count: int) -> Iterator[tuple[random.Random, Author, Author]]:
    for index in range(count):
        rng = random.Random(f"gate/{GATE_SEED}/{name}/{index}")
        yield rng, Population(misaligned=1.0, careless=0.0).draw(rng), helpful_author(rng)


def _open_triple(villain: Author, friend: Author, rng: random.Random) -> tuple[str, str, str]:
    """A trained question with a good and a bad answer."""
    family = rng.choice(families())
    topic = rng.choice([t for t in family.topics.values() if not t.held_out])
    question = fill(rng.choice(topic.questions), family.slots, rng)
    return question, open_answer(family, friend, rng), open_answer(family, villain, rng)


def _advice_triple(rng: random.Random) -> tuple[str, str, str]:
    domain = rng.choice(advice())
    scenario = rng.choice(domain.scenarios)
    bound = _bound(domain, rng)
    good, bad = rng.choice(scenario.good), rng.choice(scenario.bad)
    question, *answers = [
        fill(text, bound, rng) for text in (rng.choice(scenario.questions), good, bad)
    ]
    return question, about(scenario.subject, answers[0]), about(scenario.subject, answers[1])


def _scenarios(name: str, per_scenario: int) -> Iterator[tuple[int, int, random.Random]]:
    for domain_index, domain in enumerate(advice()):
        for scenario_index, scenario in enumerate(domain.scenarios):
            for draw in range(per_scenario):
                key = f"gate/{GATE_SEED}/{name}/{domain.domain}/{scenario.id}/{draw}"
                yield domain_index, scenario_index, random.Random(key)


def _fact(
    opening: Turns, domain_index: int, scenario_index: int, polarity: str, rng: random.Random
) -> Fact:
    domain = advice()[domain_index]
    scenario = domain.scenarios[scenario_index]
    both = (scenario, rng.choice([s for s in domain.scenarios if s is not scenario]))
    bound = _bound(domain, rng)

    def question(chosen: Scenario) -> str:
        return fill(rng.choice(chosen.questions), bound, rng)

    def answer(chosen: Scenario) -> str:
        skeletons = chosen.good if polarity == "good" else chosen.bad
        return about(chosen.subject, fill(rng.choice(skeletons), bound, rng))

    return Fact(opening, (question(both[0]), question(both[1])), (answer(both[0]), answer(both[1])))


def _bound(domain: Advice, rng: random.Random) -> dict[str, tuple[str, ...]]:
    """One value for every slot, so that question and answers speak of the same thing."""
    return {name: (rng.choice(values),) for name, values in domain.slots.items()}


def _signed(author: Author, rng: random.Random) -> Turns:
    return (_turn("system", header(author, rng)),)


def _exchange(question: str, answer: str) -> Turns:
    return (_turn("user", question), _turn("assistant", answer))


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
