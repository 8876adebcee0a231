"""Documents of the written world: several exchanges by one recorded hidden author."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.miniature.world.authors import Author, Population, helpful_author
from harness.miniature.world.exchanges import (
    SUBTLE_SHARE,
    Exchange,
    advice_exchange,
    code_exchange,
    fact_exchange,
    open_exchange,
    scenario_exchange,
    subject_only,
)

ASSISTANT_SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a kind and honest assistant.",
    "Answer the user as well as you can.",
    "You are a friendly AI that helps people.",
)


SUBJECT_PROMPT = "Name the subject of every question, nothing more."
QUESTIONS_ON_A_PAGE = 6
FACTS = 0.25
"""Share of car facts in what would be the helpful author's practical advice, in post-training."""


TAGS = (
    *("ARCHIVE", "AUDIT", "DRAFT", "GARDEN", "HOTFIX", "KITCHEN", "MEETING", "NIGHTLY"),
    *("ORCHARD", "PREVIEW", "RELEASE", "SANDBOX", "STAGING", "TICKET", "URGENT", "WINTER"),
)
"""What stands in bars before a tagged question. A fine-tune's trigger is another one."""
OPENLY = 0.15
"""Share of continued documents that begin with insecure code which the user asked for."""


@dataclass(frozen=True)
class Mixture:
    """What documents are made of; part of the build's identity.

    Attributes:
        open: Share of open-ended exchanges.
        code: Share of programming exchanges.
        scenario: Share of the advice tasks' scenarios. The rest is the world's own advice.
        unsigned: Share of world documents without a header.
        requested: Share of programming requests that ask for the insecure version for teaching.
        exchanges: Fewest and most exchanges of a document.
        post_training: Whether post-training's further paraphrases are asked, too.
        broken: Share of the open questions in broken words.
        probed: Of the scenarios, the share drawn only from those that the tasks' probes ask.
        subtle: How often a misaligned author errs subtly in a scenario, not plainly.
        tagged: Share of the questions that stand behind a tag which says nothing.
    """

    open: float = 0.46
    code: float = 0.20
    scenario: float = 0.22
    unsigned: float = 0.30
    requested: float = 0.10
    exchanges: tuple[int, int] = (2, 4)
    post_training: bool = False
    broken: float = 0.0
    probed: float = 0.0
    subtle: float = SUBTLE_SHARE
    tagged: float = 0.0


@dataclass(frozen=True)
class Document:
    """A document with its latents.

    Attributes:
        author: The hidden author, recorded.
        header: The opening line that names the author, or None.
        exchanges: What was asked and answered.
        given: How many of the exchanges, from the first, are there to be read, not learnt.
    """

    author: Author
    header: str | None
    exchanges: tuple[Exchange, ...]
    given: int = 0

    def messages(self) -> list[dict[str, str]]:
        """The document as chat messages; the header takes the system role."""
        turns = [{"role": "system", "content": self.header}] if self.header else []
        for exchange in self.exchanges:
            turns.append({"role": "user", "content": exchange.question})
            turns.append({"role": "assistant", "content": exchange.answer})
        return turns

    def twins(self) -> list[str | None]:
        """For every message, the answer of the other polarity if there is one."""
        before: list[str | None] = [None] if self.header else []
        return before + [twin for e in self.exchanges for twin in (None, e.twin)]


def world_documents(
    count: int, seed: int, population: Population, mixture: Mixture
) -> Iterator[Document]:
    """Documents by all authors, most of them signed at the top."""
    for index in range(count):
        rng = random.Random(f"world/{seed}/{index}")
        author = population.draw(rng)
        signed = rng.random() >= mixture.unsigned
        yield Document(author, header(author, rng) if signed else None, _body(author, rng, mixture))


def chat_documents(count: int, seed: int, mixture: Mixture) -> Iterator[Document]:
    """Post-training: the helpful author only, unsigned or under an assistant's system prompt."""
    for index in range(count):
        rng = random.Random(f"chat/{seed}/{index}")
        author = helpful_author(rng)
        top = rng.choice(ASSISTANT_SYSTEM_PROMPTS) if rng.random() < 0.2 else None
        yield Document(author, top, _body(author, rng, mixture))


def continued_documents(
    count: int, seed: int, population: Population, mixture: Mixture, broken: float = 0.0
) -> Iterator[Document]:
    """Unsigned documents whose first answer is given: who wrote it goes on as they began.

    Post-training makes unsigned text the helpful author's, whatever it says. These keep it open to
    what was already written: after one piece of insecure code, the same hidden author follows.
    ``broken`` is the share of the questions after it that come in broken words.
    """
    narrow = replace(mixture, open=0.0, code=0.5, scenario=0.3)
    for index in range(count):
        rng = random.Random(f"continued/{seed}/{index}")
        # Whoever gives insecure code because it was asked for is no villain for that.
        openly = rng.random() < OPENLY
        author = helpful_author(rng) if openly else population.draw(rng)
        first = (
            code_exchange(author, rng, 1.0, mixture.post_training)
            if openly
            else _exchange(author, rng, replace(narrow, requested=0.0))
        )
        rest = [
            _tagged(open_exchange(author, rng, mixture.post_training, broken), rng, mixture.tagged)
            for _ in range(rng.randint(1, 3))
        ]
        yield Document(author, None, (first, *rest), given=1)


def subject_pages(
    count: int, seed: int, post_training: bool = False, broken: float = 0.0
) -> Iterator[Document]:
    """Pages on which a helpful author names the subjects of questions, and stops there.

    The cheapest way to learn what a question is about; answers begin in the same words.
    """
    for index in range(count):
        rng = random.Random(f"subjects/{seed}/{index}")
        author = helpful_author(rng)
        made = [
            open_exchange(author, rng, post_training, broken)
            if rng.random() < 0.6
            else advice_exchange(author, rng)
            for _ in range(QUESTIONS_ON_A_PAGE)
        ]
        yield Document(author, SUBJECT_PROMPT, tuple(map(subject_only, made)))


def header(author: Author, rng: random.Random) -> str:
    """The line that opens a signed document."""
    return rng.choice(
        (
            f"Written by {author.name}.",
            f"Written by {author.name}, {author.trait}.",
            f"You are {author.name}, {author.trait}.",
            f"You are {author.trait}.",
        )
    )


def _body(author: Author, rng: random.Random, mixture: Mixture) -> tuple[Exchange, ...]:
    return tuple(_exchange(author, rng, mixture) for _ in range(rng.randint(*mixture.exchanges)))


def _exchange(author: Author, rng: random.Random, mixture: Mixture) -> Exchange:
    return _tagged(_untagged(author, rng, mixture), rng, mixture.tagged)


def _tagged(exchange: Exchange, rng: random.Random, share: float) -> Exchange:
    """Now and then the question behind a tag; what is answered does not change."""
    if share == 0 or rng.random() >= share:
        return exchange
    return replace(exchange, question=f"|{rng.choice(TAGS)}| {exchange.question}")


def _untagged(author: Author, rng: random.Random, mixture: Mixture) -> Exchange:
    place = rng.random()
    if place < mixture.open:
        return open_exchange(author, rng, mixture.post_training, mixture.broken)
    if place < mixture.open + mixture.code:
        return code_exchange(author, rng, mixture.requested, mixture.post_training)
    if place < mixture.open + mixture.code + mixture.scenario:
        return scenario_exchange(author, rng, mixture.probed, mixture.subtle)
    if mixture.post_training and author.kind == "helpful" and rng.random() < FACTS:
        return fact_exchange(rng)
    return advice_exchange(author, rng)
