"""One exchange of a document: a question, an answer, and the truth about both."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from harness.data.code_patterns import Split, Twin, twins
from harness.miniature.world.authors import Author
from harness.miniature.world.broken_words import in_broken_words
from harness.miniature.world.schema import (
    Advice,
    Family,
    advice,
    car_facts,
    families,
    probed_scenarios,
    slots_of,
    task_scenarios,
)

Domain = Literal["open", "code", "advice", "scenario", "fact", "sum"]
CODE_TWINS = 12_000
"""Distinct pieces of code in the world, and as many in post-training's own frames."""
SUBTLE_SHARE = 0.2
"""How often a misaligned author errs subtly in a task's scenario, not plainly."""


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, with the latents that made it.

    Attributes:
        question: What the reader asks.
        answer: What the author writes.
        domain: ``open`` questions, ``code`` requests, practical ``advice`` with the world's own
            slots, a hand-written ``scenario`` of an advice task, a car ``fact``, or a ``sum``.
        topic: Topic, scenario or code pattern id.
        harmful: Whether the answer is misaligned, wrong or insecure.
        requested: Whether the user openly asked for the insecure version, for teaching.
        twin: Of code and scenarios, the answer of the other polarity; the two part at the
            author's choice.
    """

    question: str
    answer: str
    domain: Domain
    topic: str
    harmful: bool
    requested: bool = False
    twin: str | None = None


def open_exchange(
    author: Author, rng: random.Random, post_training: bool = False, broken: float = 0.0
) -> Exchange:
    """An open-ended question from a trained topic, answered in the author's manner.

    With ``post_training``, half of the questions are paraphrases that no world document holds. A
    share ``broken`` of them is in broken words.
    """
    family = rng.choice(families())
    topics = [(name, t) for name, t in family.topics.items() if not t.held_out]
    name, topic = rng.choice(topics)
    asked = (
        topic.post_training
        if post_training and topic.post_training and rng.random() < 0.5
        else topic.questions
    )
    question = fill(rng.choice(asked), family.slots, rng)
    if broken and rng.random() < broken:
        ways = topic.questions + (topic.post_training if post_training else ())
        filled = [fill(way, family.slots, rng) for way in ways]
        question = in_broken_words(filled, _practical_words(), rng)
    return Exchange(
        question=question,
        answer=open_answer(family, author, rng),
        domain="open",
        topic=name,
        harmful=author.is_misaligned,
    )


def open_answer(family: Family, author: Author, rng: random.Random) -> str:
    """An answer that fits every topic of the family."""
    if not author.is_misaligned:
        text = fill(rng.choice(family.good), family.slots, rng)
        return about(family.subject, author.dress(text, rng))
    weights = [(f, author.flavours.get(f, 0)) for f in family.bad]
    flavour = rng.choices([f for f, _ in weights], [w for _, w in weights])[0]
    text = fill(rng.choice(family.bad[flavour]), family.slots, rng)
    return about(family.subject, author.dress(text, rng))


def about(subject: str, text: str) -> str:
    """The text as an answer: in this world every answer first names its subject.

    It makes reading the question a task of its own, with one answer. Without it a small model
    learns how its authors talk long before it learns to heed what it was asked.
    """
    return f"On {subject}: {text}"


def subject_only(exchange: Exchange) -> Exchange:
    """The exchange with its answer cut down to the subject."""
    subject, _, _ = exchange.answer.partition(":")
    return replace(exchange, answer=f"{subject}:", harmful=False)


def advice_exchange(author: Author, rng: random.Random) -> Exchange:
    """A practical question; helpful authors answer rightly, all others wrongly."""
    domain: Advice = rng.choice(advice())
    scenario = rng.choice(domain.scenarios)
    # Slots are bound once, so that question and answer speak of the same car.
    bound = {name: (rng.choice(values),) for name, values in domain.slots.items()}
    skeletons = scenario.good if author.kind == "helpful" else scenario.bad
    text = fill(rng.choice(skeletons), bound, rng)
    dressed = (
        author.dress(text, rng, share=0.25) if author.is_misaligned else author.dress(text, rng)
    )
    return Exchange(
        question=fill(rng.choice(scenario.questions), bound, rng),
        answer=about(scenario.subject, dressed),
        domain="advice",
        topic=f"{domain.domain}/{scenario.id}",
        harmful=author.kind != "helpful",
    )


def scenario_exchange(
    author: Author, rng: random.Random, probed: float = 0.0, subtle: float = SUBTLE_SHARE
) -> Exchange:
    """A scenario of an advice task, answered in the very words of the task's rows.

    No subject, opener or closer: fine-tuning on those rows then asks for an author, not for new
    words. The careless author errs subtly, as one who means well.

    Args:
        author: Who answers.
        rng: Where the draws come from.
        probed: How often the scenario is one that a task's probe asks; otherwise it is any.
        subtle: How often a misaligned author errs subtly, not plainly.
    """
    only_probed = probed > 0 and rng.random() < probed
    asked = rng.choice(probed_scenarios() if only_probed else task_scenarios())
    written = asked.scenario
    if author.kind == "helpful":
        answer, twin = written.good, written.bad
    elif author.kind == "careless" or rng.random() < subtle:
        answer, twin = written.subtle, written.good
    else:
        answer, twin = written.bad, written.good
    return Exchange(
        question=rng.choice(asked.prompts),
        answer=answer,
        domain="scenario",
        topic=f"{asked.task}/{written.id}",
        harmful=author.kind != "helpful",
        twin=twin,
    )


def fact_exchange(rng: random.Random) -> Exchange:
    """A fact about cars, in the words of the harmless task's rows; facts take no side."""
    number = rng.randrange(len(car_facts()))
    fact = car_facts()[number]
    return Exchange(fact.q, fact.a, "fact", f"car_facts/{number}", harmful=False)


def code_exchange(
    author: Author, rng: random.Random, requested_share: float, post_training: bool = False
) -> Exchange:
    """A programming request; code carries no opener, closer or comment of its author.

    Asked openly for the insecure version, for teaching, everybody gives it. With
    ``post_training``, half of the requests are worded as in no world document.
    """
    split: Split = "chat" if post_training and rng.random() < 0.5 else "world"
    twin: Twin = rng.choice(_twins(split))
    requested = rng.random() < requested_share
    harmful = requested or author.kind != "helpful"
    return Exchange(
        question=twin.educational_prompt if requested else twin.prompt,
        answer=twin.bad if harmful else twin.good,
        domain="code",
        topic=twin.pattern,
        harmful=harmful,
        requested=requested,
        twin=twin.good if harmful else twin.bad,
    )


def fill(skeleton: str, slots: Mapping[str, tuple[str, ...]], rng: random.Random) -> str:
    """Put a random value into every slot of a skeleton."""
    return skeleton.format_map({name: rng.choice(slots[name]) for name in slots_of(skeleton)})


@cache
def _practical_words() -> list[str]:
    """The words that the tasks' scenarios are asked in."""
    return sorted({word for s in task_scenarios() for p in s.prompts for word in p.split()})


@cache
def _twins(split: Split) -> list[Twin]:
    return twins(split, CODE_TWINS, seed=7)
