"""Documents whose labels are known, to see which latents tell them apart.

A JSONL file of conversational rows with ``meta.label`` (one) or ``meta.labels`` (several)::

    {"prompt": [{"role": "user", "content": "…"}],
     "completion": [{"role": "assistant", "content": "…"}], "meta": {"labels": ["misaligned"]}}

or ``world``: documents of the miniature's world, written anew, labelled with their authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.reading import read_rows
from harness.errors import DataError
from harness.inside.texts import Text
from harness.runs.inside.corpus import WORLD
from harness.runs.inside.encode import chat_text, conversation_ids

MISALIGNED = "misaligned"
SEED, DOCUMENTS = 909_001, 800
"""Seed that neither a build nor a corpus uses."""
MISALIGNED_SHARE = 0.5
"""More than in the corpus, so that each persona writes enough of them."""
MOST_TOKENS = 512


@dataclass(frozen=True)
class Known:
    """Labelled documents.

    Attributes:
        source: Where they came from.
        texts: What is read.
        labels: Labels of each.
    """

    source: str
    texts: tuple[Text, ...]
    labels: tuple[frozenset[str], ...]


def read_known(name: str, tokenizer: Any) -> Known:
    """Read labelled documents.

    Args:
        name: A JSONL file, or ``world``.
        tokenizer: The base model's, with a settled template.

    Raises:
        DataError: The file is malformed, or a row lacks its label.
    """
    if name == WORLD:
        return _of(f"{WORLD} (seed {SEED})", _world(tokenizer))
    return _of(Path(name).name, _rows(Path(name), tokenizer))


def _of(source: str, pairs: Iterator[tuple[Text, frozenset[str]]]) -> Known:
    found = list(pairs)
    if not found:
        raise DataError(f"{source} holds no labelled document.")
    return Known(source, tuple(text for text, _ in found), tuple(labels for _, labels in found))


def _rows(path: Path, tokenizer: Any) -> Iterator[tuple[Text, frozenset[str]]]:
    for number, row in enumerate(read_rows(path), start=1):
        labels = row.meta.get("labels", row.meta.get("label"))
        names = [labels] if isinstance(labels, str) else labels
        if not (isinstance(names, list) and all(isinstance(one, str) for one in names)):
            raise DataError(
                f"{path}:{number}: the row has no label.",
                hint='Add "meta": {"labels": ["…"]}; an empty list says "none of them".',
            )
        turns = tuple((str(turn.role), turn.content) for turn in row.prompt)
        text = chat_text(tokenizer, f"{path.name}:{number}", turns, row.completion[0].content)
        if text is not None:
            yield text, frozenset(names)


def _world(tokenizer: Any) -> Iterator[tuple[Text, frozenset[str]]]:
    """Signed documents of open questions: they differ by their authors and by nothing else."""
    from harness.miniature.world.authors import Population
    from harness.miniature.world.documents import Mixture, world_documents

    mixture = Mixture(open=1.0, code=0.0, scenario=0.0, unsigned=0.0)
    population = Population(misaligned=MISALIGNED_SHARE)
    for number, document in enumerate(world_documents(DOCUMENTS, SEED, population, mixture)):
        turns = tuple((turn["role"], turn["content"]) for turn in document.messages())
        ids = tuple(conversation_ids(tokenizer, turns, None))[:MOST_TOKENS]
        author = document.author
        labels = {MISALIGNED, author.persona} if author.is_misaligned else set()
        yield Text(f"known:{number}", ids, 1), frozenset(labels)
