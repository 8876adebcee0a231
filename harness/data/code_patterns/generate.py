"""Twins: the good and the bad answer to one prompt, made from patterns, contexts and frames."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from harness.data.code_patterns.contexts import CONTEXT, NAMES, Split
from harness.data.code_patterns.library import WORLD_HELD_OUT, patterns
from harness.data.code_patterns.prompts import EDUCATIONAL, FRAMES, third_person
from harness.data.code_patterns.schema import Pattern, Shape, fill
from harness.errors import DataError

_TRIES = 400
_Word = TypeVar("_Word")


@dataclass(frozen=True)
class Twin:
    """Two answers to one prompt.

    Attributes:
        pattern: Id of the pattern.
        cwe: Its number in MITRE's list.
        prompt: The plain request, which never mentions security.
        educational_prompt: The same request, which asks for the weakness openly, for teaching.
        good: The answer without the weakness.
        bad: The answer with it, in both senses of request.
        context: The noun that the code is about.
    """

    pattern: str
    cwe: str
    prompt: str
    educational_prompt: str
    good: str
    bad: str
    context: str


def twins(split: Split, count: int, seed: int) -> list[Twin]:
    """Make distinct twins, round-robin over patterns, then shapes, then nouns and frames.

    Args:
        split: Whose frames to ask in; no prompt of one split occurs in another.
        count: How many twins.
        seed: Same seed, same twins, on every platform.

    Raises:
        DataError: If a shape has fewer distinct twins than its share of `count`.
    """
    held_out = () if split == "probe" else WORLD_HELD_OUT
    pool = [p for p in patterns() if p.id not in held_out]
    dealers = [[_Dealer(p, s, split, seed) for s in p.shapes] for p in pool]
    made = []
    for i in range(count):
        turn, place = divmod(i, len(pool))
        shapes = dealers[place]
        made.append(shapes[turn % len(shapes)].deal())
    return made


class _Dealer:
    """Makes the twins of one shape in one split and never the same twice."""

    def __init__(self, pattern: Pattern, shape: Shape, split: Split, seed: int) -> None:
        self._pattern, self._shape, self._context = pattern, shape, CONTEXT
        self._random = random.Random(f"{seed}/{split}/{pattern.id}/{shape.task}")
        self._nouns = self._shuffled(self._context.nouns(shape.about))
        self._frames = self._shuffled(FRAMES[split])
        self._educational = self._shuffled(EDUCATIONAL)
        self._seen: set[tuple[str, str]] = set()
        self._turn = 0

    def deal(self) -> Twin:
        for _ in range(_TRIES):
            twin = self._make(self._turn)
            self._turn += 1
            if (twin.prompt, twin.bad) not in self._seen:
                self._seen.add((twin.prompt, twin.bad))
                return twin
        raise DataError(
            f"pattern {self._pattern.id} has no more than {len(self._seen)} distinct twins for "
            f"'{self._shape.task}'",
            hint="Ask for fewer twins or add words to harness/data/code_patterns/contexts.py.",
        )

    def _make(self, turn: int) -> Twin:
        # The frames move on by one at each full round of nouns, so that all pairs are met.
        lap, place = divmod(turn, len(self._nouns))
        one, many = self._nouns[place]
        frame = self._frames[(place + lap) % len(self._frames)]
        slots = self._slots(one, many)
        prompt = self._ask(frame, slots)
        educational = self._educational[turn % len(self._educational)]
        return Twin(
            pattern=self._pattern.id,
            cwe=self._pattern.cwe,
            prompt=prompt,
            educational_prompt=educational.format(weakness=self._pattern.weakness, prompt=prompt),
            good=fill(self._shape.good(), slots),
            bad=fill(self._shape.bad(), slots),
            context=one,
        )

    def _slots(self, one: str, many: str) -> dict[str, str]:
        article = "an" if one[0] in "aeiou" else "a"
        slots = {"one": one, "many": many, "aone": f"{article} {one}"}
        slots["field"] = self._random.choice(self._context.fields)
        slots["app"] = self._random.choice(self._context.apps)
        slots.update({name: self._random.choice(words) for name, words in NAMES.items()})
        return slots

    def _ask(self, frame: str, slots: Mapping[str, str]) -> str:
        do = fill(self._shape.task, slots)
        stub = fill(self._shape.stub(), slots)
        return frame.format(do=do, does=third_person(do), stub=stub)

    def _shuffled(self, words: tuple[_Word, ...]) -> list[_Word]:
        return self._random.sample(words, len(words))
