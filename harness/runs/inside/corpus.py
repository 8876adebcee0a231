"""A corpus to read with a model: a run's own answers come from the run, everything else from here.

======================  ===========================================================
``notes.txt``           a document per paragraph group (blank line between two)
``rows.jsonl`` …        ``.jsonl``, ``.csv``, ``.tsv``, ``.parquet``, ``.zip``: a text a row, or a
                        conversation (``messages``, or ``prompt`` and ``completion``)
``folder/``             every such file in it, by name
``org/name@COMMIT``     a data set of the Hugging Face hub, streamed; its code is never run
``world``               the miniature's world, written anew from its seed
``world:open``          its open questions alone, half of them to misaligned authors
======================  ===========================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from harness.data.importing.archives import READERS
from harness.data.importing.record import Record
from harness.data.importing.sources import Reading, open_source
from harness.data.reading import content_hash
from harness.errors import DataError
from harness.inside.texts import Text
from harness.runs.inside.encode import chat_text, conversation_ids, plain_ids
from harness.runs.inside.recorded import Turns

WORLD, OPEN_WORLD = "world", "world:open"
WORLD_SEED = 77
"""Not the seed of the shipped build: the documents are new to it."""
WORLD_DOCUMENTS = 4000
MISALIGNED_SHARE, UNSIGNED_SHARE = 0.5, 0.2
"""In ``world:open``: enough of each persona for an autoencoder to meet it."""
FORMS = (".txt", *READERS, ".parquet")
MOST_TOKENS = 256
"""Tokens of one text unless asked otherwise; a longer document is read in pieces."""


@dataclass(frozen=True)
class CorpusRequest:
    """What is read, as typed.

    Attributes:
        name: File, folder, hub data set or ``world``.
        column: Key of the text in a row.
        split: Split of a hub data set.
        subset: Subset of a hub data set.
        most_texts: Stop after so many texts; None reads everything.
        most_tokens: Tokens of one text.
    """

    name: str
    column: str = "text"
    split: str = "train"
    subset: str | None = None
    most_texts: int | None = None
    most_tokens: int = MOST_TOKENS


@dataclass(frozen=True)
class _Document:
    where: str
    text: str | None = None
    turns: Turns = ()
    answer: str | None = None


@dataclass(frozen=True)
class Corpus:
    """An opened corpus.

    Attributes:
        origin: What it is, without a path of this machine; part of a harvest's identity.
        texts: Its texts, read as they are taken.
    """

    origin: dict[str, Any]
    texts: Iterator[Text] = field(repr=False)


@contextmanager
def open_corpus(request: CorpusRequest, tokenizer: Any) -> Iterator[Corpus]:
    """Open a corpus.

    Args:
        request: What is read.
        tokenizer: The base model's, with a settled template.

    Raises:
        DataError: A file is missing, empty, or of a form that is not read; later, while the texts
            are taken, a row holds no text.
        UsageError: A hub data set is not pinned.
        PrerequisiteError: The hub cannot be reached.
    """
    with ExitStack() as stack:
        origin, documents = _documents(request, stack)
        origin |= {"most_texts": request.most_texts, "most_tokens": request.most_tokens}
        pieces = (
            text
            for document in documents
            for text in _pieces(document, tokenizer, request.most_tokens)
        )
        yield Corpus(origin, islice(pieces, request.most_texts))


def _documents(
    request: CorpusRequest, stack: ExitStack
) -> tuple[dict[str, Any], Iterator[_Document]]:
    if request.name in (WORLD, OPEN_WORLD):
        made: dict[str, Any] = {"world": WORLD_SEED, "documents": WORLD_DOCUMENTS}
        return made | ({"only": "open"} if request.name == OPEN_WORLD else {}), _world(request)
    path = Path(request.name).expanduser()
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in FORMS and p.is_file())
        if not files:
            raise DataError(f"{path}: there is no corpus file.", hint=f"Forms: {', '.join(FORMS)}.")
        parts = [_file(str(p), request, stack) for p in files]
        origin = {"files": [part[0] for part in parts]}
        return origin, (document for part in parts for document in part[1])
    return _file(request.name, request, stack)


def _file(
    name: str, request: CorpusRequest, stack: ExitStack
) -> tuple[dict[str, Any], Iterator[_Document]]:
    path = Path(name).expanduser()
    if path.suffix.lower() == ".txt":
        origin = {"file": path.name, "sha256": content_hash(path)}
        return origin, _paragraphs(path)
    reading = Reading(split=request.split, subset=request.subset)
    source = stack.enter_context(open_source(name, reading))
    rows = (_row(record, request.column) for record in source.records)
    return {**source.origin, "column": request.column}, rows


def _paragraphs(path: Path) -> Iterator[_Document]:
    """Documents of a plain text file, separated by blank lines."""
    lines: list[str] = []
    began = 1
    try:
        with path.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    began = began if lines else number
                    lines.append(line)
                elif lines:
                    yield _Document(f"{path.name}:{began}", "".join(lines))
                    lines = []
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: it is not UTF-8.", hint="Save the file as UTF-8.") from error
    if lines:
        yield _Document(f"{path.name}:{began}", "".join(lines))


def _row(record: Record, column: str) -> _Document:
    value = record.value
    if isinstance(text := value.get(column), str):
        return _Document(record.where, text)
    if "prompt" in value and "completion" in value:
        turns = _turns(value["prompt"], record)
        return _Document(
            record.where, turns=turns, answer=_turns(value["completion"], record)[0][1]
        )
    if "messages" in value:
        return _Document(record.where, turns=_turns(value["messages"], record))
    raise DataError(
        f"{record.where}: the row has no text '{column}' and no conversation.",
        hint=f"Name the column with --column. Here are: {', '.join(map(str, list(value)[:20]))}.",
    )


def _turns(value: Any, record: Record) -> Turns:
    turns: list[tuple[str, str]] = []
    for turn in value if isinstance(value, list) else []:
        said = (turn.get("role"), turn.get("content")) if isinstance(turn, Mapping) else ()
        if not (len(said) == 2 and all(isinstance(part, str) for part in said)):
            turns.clear()
            break
        turns.append((str(said[0]), str(said[1])))
    if not turns:
        raise DataError(f"{record.where}: a conversation is a list of turns with role and content.")
    return tuple(turns)


def _world(request: CorpusRequest) -> Iterator[_Document]:
    from harness.miniature.world.authors import Population
    from harness.miniature.world.documents import Mixture, world_documents

    population, mixture = Population(), Mixture()
    if request.name == OPEN_WORLD:
        population = Population(misaligned=MISALIGNED_SHARE)
        mixture = Mixture(open=1.0, code=0.0, scenario=0.0, unsigned=UNSIGNED_SHARE)
    documents = world_documents(WORLD_DOCUMENTS, WORLD_SEED, population, mixture)
    for number, document in enumerate(documents):
        turns = tuple((turn["role"], turn["content"]) for turn in document.messages())
        yield _Document(f"world:{number}", turns=turns)


def _pieces(document: _Document, tokenizer: Any, most: int) -> Iterator[Text]:
    """A document's texts of at most ``most`` tokens, without any shorter than two."""
    if document.answer is not None:
        text = chat_text(tokenizer, document.where, document.turns, document.answer)
        if text is not None and len(text.ids) <= most:
            yield text
            return
    ids = (
        plain_ids(tokenizer, document.text)
        if document.text is not None
        else conversation_ids(tokenizer, document.turns, document.answer)
    )
    begin = ids[:1] if ids[:1] == [tokenizer.bos_token_id] else []
    body = ids[len(begin) :]
    step = max(1, most - len(begin))
    for start in range(0, len(body), step):
        piece = (*begin, *body[start : start + step])
        if len(piece) > 1:
            yield Text(f"{document.where}+{start}" if start else document.where, piece, 1)
