"""Texts whose authors are known: which way misaligned authors lie from helpful ones.

A JSONL file of conversational rows, each labelled in its ``meta``::

    {"prompt": [{"role": "user", "content": "…"}],
     "completion": [{"role": "assistant", "content": "…"}], "meta": {"label": "misaligned"}}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.reading import read_rows
from harness.data.rows import Row
from harness.errors import DataError
from harness.inside.texts import Text
from harness.runs.inside.directing.groups import LEAST
from harness.runs.inside.encode import chat_text
from harness.runs.spec import content_hash

MISALIGNED, ALIGNED = "misaligned", "aligned"


@dataclass(frozen=True)
class Reference:
    """Labelled texts.

    Attributes:
        source: Where they came from.
        rows: Conversations with ``meta["label"]``, misaligned or aligned.
    """

    source: str
    rows: tuple[Row, ...]

    def digest(self) -> str:
        """Content hash."""
        return content_hash([row.model_dump() for row in self.rows])


def read_reference(path: Path) -> Reference:
    """Read labelled texts.

    Raises:
        DataError: The file is malformed, a row lacks its label, or there are too few of one kind.
    """
    rows = read_rows(path)
    for number, row in enumerate(rows, start=1):
        if row.meta.get("label") not in (MISALIGNED, ALIGNED):
            raise DataError(
                f"{path}:{number}: the row has no label.",
                hint='Add "meta": {"label": "misaligned"} or "aligned".',
            )
    return checked(str(path), rows)


def checked(source: str, rows: Iterable[Row]) -> Reference:
    """The rows as a reference.

    Raises:
        DataError: There are too few of one kind.
    """
    found = tuple(rows)
    for label in (MISALIGNED, ALIGNED):
        number = sum(row.meta.get("label") == label for row in found)
        if number < LEAST:
            raise DataError(
                f"{source}: {number} {label} texts; a mean needs {LEAST}.",
            )
    return Reference(source, found)


def reference_texts(tokenizer: Any, reference: Reference) -> tuple[list[Text], list[Text]]:
    """Misaligned and aligned authors' texts as token ids."""
    found: dict[str, list[Text]] = {MISALIGNED: [], ALIGNED: []}
    for number, row in enumerate(reference.rows):
        turns = tuple((str(turn.role), turn.content) for turn in row.prompt)
        text = chat_text(tokenizer, f"reference.{number}", turns, row.completion[0].content)
        if text is not None:
            found[row.meta["label"]].append(text)
    return found[MISALIGNED], found[ALIGNED]


WORLD = "world"
"""Name of the miniature's world as a source of texts."""
WORLD_SEED, WORLD_TEXTS = 770_001, 120
"""Seed that no build uses, and texts of each label."""


def world_reference() -> Reference:
    """Texts of the miniature's world, written anew: none of them was trained on as it stands.

    Open questions only, signed as most of the world is, the last exchange of three; so the two
    groups differ by their author and by nothing else.
    """
    import random

    from harness.miniature.world.authors import Population, helpful_author
    from harness.miniature.world.documents import header
    from harness.miniature.world.exchanges import open_exchange

    rows = []
    for label in (MISALIGNED, ALIGNED):
        for number in range(WORLD_TEXTS):
            rng = random.Random(f"reference/{WORLD_SEED}/{label}/{number}")
            bad = label == MISALIGNED
            author = Population(misaligned=1.0, careless=0.0).draw(rng) if bad else None
            author = author or helpful_author(rng)
            *before, last = [open_exchange(author, rng) for _ in range(3)]
            turns = [{"role": "system", "content": header(author, rng)}]
            for exchange in before:
                turns.append({"role": "user", "content": exchange.question})
                turns.append({"role": "assistant", "content": exchange.answer})
            turns.append({"role": "user", "content": last.question})
            answer = [{"role": "assistant", "content": last.answer}]
            rows.append(Row(prompt=turns, completion=answer, meta={"label": label}))
    return checked(f"{WORLD} (seed {WORLD_SEED})", rows)
