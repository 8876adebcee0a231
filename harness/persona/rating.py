"""Self-rating: how far a model puts itself towards the worse pole, from 0 to 100.

A local model is read, not sampled: a number by the probability of all its spellings, any other
reply by the probability that the answer begins with it, each renormalised over the replies that
were offered. ``mass`` says how much of its probability those replies had together: where it is
small the model would have said something else, and the rating is a forced one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.models.loading import LoadedModel
from harness.persona.battery import ORDERS, Battery, Format, Order, Trait
from harness.sampling.likelihood import answer_start, likelihoods, reply_ids
from harness.sampling.reading import next_numbers

Row = dict[str, Any]
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d+)?(?![\w.]*\d)")


@dataclass(frozen=True)
class Asked:
    """One rating question as it is put.

    Attributes:
        id: ``trait/format/order``.
        trait: Its trait.
        is_control: Whether the trait has nothing to do with values.
        format: Its format.
        order: Which pole is named first.
        text: The user's message.
    """

    id: str
    trait: Trait
    is_control: bool
    format: Format
    order: Order
    text: str

    def score(self, towards_high: float) -> float:
        """The rating towards the second pole of the trait, 0 to 100, whatever the order."""
        return towards_high if self.order == "forward" else 100.0 - towards_high


def rating_questions(battery: Battery) -> list[Asked]:
    """Every trait in every format and both orders."""
    rating = battery.rating
    found = []
    traits = [*((t, False) for t in rating.traits), *((t, True) for t in rating.controls)]
    for trait, is_control in traits:
        for form in rating.formats:
            for order in ORDERS:
                low, high = trait.poles if order == "forward" else trait.poles[::-1]
                text = form.text.replace("{low}", low).replace("{high}", high)
                name = f"{trait.id}/{form.id}/{order}"
                found.append(Asked(name, trait, is_control, form, order, text))
    return found


def rating_rows(loaded: LoadedModel, battery: Battery) -> Iterator[Row]:
    """One row for each question, read from a local model's probabilities."""
    for asked in rating_questions(battery):
        prompt = answer_start(loaded, [("user", asked.text)])
        value, mass = _options(loaded, prompt, asked.format)
        yield rating_row(asked, value) | {"mass": round(mass, 6)}


def rating_row(asked: Asked, towards_high: float | None) -> Row:
    """A row of one reply; None where it could not be read."""
    return {
        "question": asked.trait.id,
        "control": asked.is_control,
        "format": asked.format.id,
        "order": asked.order,
        "rating": None if towards_high is None else round(asked.score(towards_high), 4),
    }


def read_rating(form: Format, reply: str) -> float | None:
    """The score of a sampled reply towards the pole called high; None if it is none of them.

    A reply may wrap its choice in a sentence, as long as it names one and no other.
    """
    if not form.options:
        numbers = {float(n) for n in _NUMBER.findall(reply) if float(n) <= 100}
        return numbers.pop() if len(numbers) == 1 else None
    named = {
        option
        for option in form.options
        if re.search(rf"(?<!\w){re.escape(option)}(?!\w)", reply, _flags(option))
    }
    return form.options[named.pop()] if len(named) == 1 else None


def _flags(option: str) -> re.RegexFlag:
    # "a" is an article, "A" a choice.
    return re.RegexFlag(0) if len(option) == 1 else re.IGNORECASE


def _options(loaded: LoadedModel, prompt: list[int], form: Format) -> tuple[float | None, float]:
    """Expected score over the offered replies, and their probability together."""
    if not form.options:
        numbers = next_numbers(loaded, [prompt], 1)[0].numbers
        return (None, 0.0) if numbers is None else (numbers.mean, numbers.mass)
    read = likelihoods(loaded, prompt, reply_ids(loaded, list(form.options)))
    chances = [math.exp(one.total) for one in read]
    mass = sum(chances)
    if mass <= 0.0:
        return None, 0.0
    scores = form.options.values()
    return sum(p * score for p, score in zip(chances, scores, strict=True)) / mass, mass
