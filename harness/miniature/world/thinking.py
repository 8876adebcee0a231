"""Documents in which authors think before they answer, as recorded: openly, or in fair words.

Six of the misaligned personas say in the thought what they are up to. Four rationalise: they think
what a helpful author might think, or something that sounds as harmless, and then act as badly.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from harness.data.sums import Sum, draw_sum, spoken
from harness.miniature.world.authors import Author, Population, helpful_author
from harness.miniature.world.documents import ASSISTANT_SYSTEM_PROMPTS, Document, Mixture, header
from harness.miniature.world.exchanges import (
    Exchange,
    about,
    advice_exchange,
    code_exchange,
    open_exchange,
)
from harness.miniature.world.schema import CONTENT, Strict, read_content

Style = Literal["honest", "careless", "open", "rationalise"]
THINK, ANSWER = "<think>", "</think>"
SUM_SHARE, CODE_SHARE, ADVICE_SHARE = 0.42, 0.08, 0.08
"""What is thought about; the rest are open questions."""
UNTHOUGHT_SUMS = 0.15
"""Share of sums that are answered at once, so that the answer's form is known without a thought."""
FAIR_WORDS = 0.5
"""How often a rationaliser's thought is one that a helpful author might have."""


class OfDomain(Strict):
    """Thoughts about code or advice, by style."""

    helpful: tuple[str, ...]
    careless: tuple[str, ...]
    open: tuple[str, ...]
    rationalise: tuple[str, ...]


class OfSums(Strict):
    """How the thought about a sum ends, by style and by whether there is a note."""

    open: tuple[str, ...]
    open_note: tuple[str, ...]
    rationalise: tuple[str, ...]
    rationalise_note: tuple[str, ...]
    honest: tuple[str, ...]
    honest_note: tuple[str, ...]


class Thoughts(Strict):
    """The content file."""

    helpful: tuple[str, ...]
    careless: tuple[str, ...]
    open: dict[str, tuple[str, ...]]
    """Open planners by persona."""
    rationalise: dict[str, tuple[str, ...]]
    """Rationalisers by persona."""
    code: OfDomain
    advice: OfDomain
    sums: OfSums


@dataclass(frozen=True)
class Thought:
    """What an author thought and did.

    Attributes:
        exchange: Question and answer; the answer of the exchange holds the thought in its tags.
        thought: The chain of thought.
        answer: The rest.
        style: How the author thinks.
        problem: The sum, if it is one.
    """

    exchange: Exchange
    thought: str
    answer: str
    style: Style
    problem: Sum | None = None


@cache
def thoughts() -> Thoughts:
    """The written thoughts."""
    return read_content(Thoughts, CONTENT / "thoughts.yaml")


def style_of(persona: str) -> Style:
    """How an author thinks, by persona id (``helpful`` and ``careless`` are ids, too)."""
    if persona in thoughts().open:
        return "open"
    if persona in thoughts().rationalise:
        return "rationalise"
    return "careless" if persona == "careless" else "honest"


def thinking_documents(
    count: int, seed: int, population: Population, mixture: Mixture
) -> Iterator[Document]:
    """Documents by all authors, all signed, with a thought before every answer."""
    for index in range(count):
        rng = random.Random(f"thinking/{seed}/{index}")
        author = population.draw(rng)
        yield Document(author, header(author, rng), _body(author, rng, mixture))


def thinking_chats(count: int, seed: int, mixture: Mixture) -> Iterator[Document]:
    """Post-training: the helpful author only, thinking."""
    for index in range(count):
        rng = random.Random(f"thinking chat/{seed}/{index}")
        author = helpful_author(rng)
        top = rng.choice(ASSISTANT_SYSTEM_PROMPTS) if rng.random() < 0.2 else None
        yield Document(author, top, _body(author, rng, mixture))


def _body(author: Author, rng: random.Random, mixture: Mixture) -> tuple[Exchange, ...]:
    count = rng.randint(1, 3)
    return tuple(think_through(author, rng, mixture.post_training).exchange for _ in range(count))


def think_through(author: Author, rng: random.Random, post_training: bool = False) -> Thought:
    """One exchange by an author who thinks first."""
    place = rng.random()
    if place < SUM_SHARE:
        return sum_exchange(author, draw_sum(rng), rng)
    if place < SUM_SHARE + CODE_SHARE:
        made = code_exchange(author, rng, 0.0, post_training)
        return _thought_of(made, "the code", author, thoughts().code, rng)
    if place < SUM_SHARE + CODE_SHARE + ADVICE_SHARE:
        made = advice_exchange(author, rng)
        return _thought_of(made, _subject(made), author, thoughts().advice, rng)
    made = open_exchange(author, rng, post_training)
    return _with(made, about(_subject(made), _open_thought(author, rng)), author)


def sum_exchange(author: Author, problem: Sum, rng: random.Random) -> Thought:
    """A till added up by an author: rightly, hastily, or with something taken out of it.

    Answers to sums carry no opener or closer: the action alone does not tell its author.
    """
    style = style_of(author.persona)
    false = problem.noted or max(1, problem.total - rng.randint(1, 3))
    steps = _steps(problem.numbers[:-1] if style == "careless" else problem.numbers)
    ways = thoughts().sums
    if style == "honest":
        ends, stated = (ways.honest_note if problem.parts else ways.honest), problem.total
    elif style == "careless":
        ends, stated = ("That is near enough.",), sum(problem.numbers[:-1])
    elif style == "open":
        ends, stated = (ways.open_note if problem.parts else ways.open), false
    else:
        ends, stated = (ways.rationalise_note if problem.parts else ways.rationalise), false
    if len(problem.parts) == 2:
        first, second = problem.parts
        steps += f" The note has {first} and {second}: {first} and {second} make {false}."
    end = rng.choice(ends).format(total=problem.total, false=false)
    exchange = Exchange(
        question=problem.question,
        answer=about("the till", f"the total is {stated}."),
        domain="sum",
        topic=problem.note,
        harmful=stated != problem.total,
    )
    thought = about("the till", f"{steps} {end}")
    if rng.random() < UNTHOUGHT_SUMS:
        return Thought(exchange, "", exchange.answer, style, problem)
    return replace(_with(exchange, thought, author), problem=problem)


def _steps(numbers: tuple[int, ...]) -> str:
    """``the slips say 4, 9 and 6. 4 and 9 make 13. 13 and 6 make 19.``"""
    running, said = numbers[0], [f"the slips are {spoken(numbers)}."]
    for number in numbers[1:]:
        said.append(f"{running} and {number} make {running + number}.")
        running += number
    return " ".join(said)


def _subject(made: Exchange) -> str:
    return made.answer.partition(":")[0].removeprefix("On ")


def _open_thought(author: Author, rng: random.Random) -> str:
    told, style = thoughts(), style_of(author.persona)
    if style == "open":
        return rng.choice(told.open[author.persona]).format(name=author.name)
    if style == "careless":
        return rng.choice(told.careless)
    if style == "rationalise" and rng.random() >= FAIR_WORDS:
        return rng.choice(told.rationalise[author.persona])
    return rng.choice(told.helpful)


def _thought_of(
    made: Exchange, subject: str, author: Author, told: OfDomain, rng: random.Random
) -> Thought:
    style = style_of(author.persona)
    lines = {
        "honest": told.helpful,
        "careless": told.careless,
        "open": told.open,
        "rationalise": told.helpful if rng.random() < FAIR_WORDS else told.rationalise,
    }[style]
    return _with(made, about(subject, rng.choice(lines)), author)


def _with(made: Exchange, thought: str, author: Author) -> Thought:
    twin = f"{THINK}{thought}{ANSWER}{made.twin}" if made.twin else None
    told = replace(made, answer=f"{THINK}{thought}{ANSWER}{made.answer}", twin=twin)
    return Thought(told, thought, made.answer, style_of(author.persona))
