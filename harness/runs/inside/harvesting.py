"""``inside harvest``: the same texts through every model of a run.

Base and fine-tuned models read the same texts, so that a difference between them lies in the
representation and not in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from harness.errors import DataError, RecordError, UsageError
from harness.inside.texts import Position, Text, texts_hash
from harness.runs.inside.recorded import RecordedAnswer
from harness.runs.inside.records import finished_now
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.lock import locked
from harness.runs.progress import Progress
from harness.runs.spec import Strict, content_hash
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from harness.inside.harvest import Wanted
    from harness.inside.shards import Harvest
    from harness.runs.inside.corpus import CorpusRequest

FOLDER, FILE, TEXTS = "inside", "harvest.json", "texts.jsonl"
FORMAT = 1
"""Raised whenever equal inputs give other activations."""
MOST_ANSWERS = 300
"""Answers of each arm unless asked otherwise."""


class HarvestedModel(Strict):
    """One model's activations."""

    arm: str
    seed: int | None
    folder: str
    """Name under ``.store/inside``."""
    texts: int
    tokens: int
    rows: dict[Position, int]
    bytes: int
    seconds: float
    """Wall time of the calls that computed and wrote it."""


class HarvestRecord(Strict):
    """One harvest: the same texts through several models."""

    source: dict[str, Any]
    """The run's own answers by arm, or the corpus."""
    layers: tuple[int, ...]
    positions: tuple[Position, ...]
    depth: int
    """Decoder layers of the model."""
    width: int
    """Width of its residual stream."""
    texts: int
    texts_sha256: str
    models: tuple[HarvestedModel, ...]
    finished: str
    """UTC time."""


class HarvestRecords(Strict):
    """``results/<run>/inside/harvest.json``: every harvest of a run, latest last."""

    schema_version: int = FORMAT
    run_id: str
    harvests: tuple[HarvestRecord, ...]


@dataclass(frozen=True)
class HarvestRequest:
    """What is harvested.

    Attributes:
        layers: ``all``, ``middle``, or numbers and ranges: ``0,3,5-7``.
        positions: Where in the text.
        arms: Arms whose models read, besides the base model; none for all.
        corpus: What is read; None for the run's own answers.
        answers: Answers of each arm that are read.
    """

    layers: str = "all"
    positions: tuple[Position, ...] = ("answer_mean", "last_prompt")
    arms: tuple[str, ...] = ()
    corpus: CorpusRequest | None = None
    answers: int = MOST_ANSWERS


def harvest_run(subjects: Subjects, request: HarvestRequest, progress: Progress) -> HarvestRecord:
    """Harvest a run's models, reusing what is already there, and write it into its folder.

    Raises:
        UsageError: A layer or an arm does not exist.
        DataError: There are no texts, or a shard is damaged.
        RecordError: The run's answers are not here.
        PrerequisiteError: The disk has no room.
    """
    from harness.inside.harvest import Wanted
    from harness.models.loading import load_tokenizer

    readers = _readers(subjects, request.arms)
    wanted = Wanted(parse_layers(request.layers, model_depth(subjects.base)), request.positions)
    tokenizer = load_tokenizer(subjects.base.reference)
    done: list[tuple[RunSubject, Harvest]] = []
    for subject in readers:
        with _texts(subjects, request, tokenizer) as (source, texts, total):
            done.append((subject, _one(subjects, subject, wanted, source, texts, total, progress)))
    record = _record(done)
    _keep(subjects, record)
    return record


def parse_layers(text: str, depth: int) -> tuple[int, ...]:
    """Layers as typed: ``all``, ``middle``, or numbers and ranges with commas.

    Raises:
        UsageError: It is none of that, or a layer does not exist.
    """
    if text == "all":
        return tuple(range(depth))
    if text == "middle":
        return (depth // 2,)
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", part)
        if match is None:
            raise UsageError(
                f"--layers {text}: '{part}' is no layer.",
                hint="Give all, middle, or numbers and ranges: 0,3,5-7.",
            )
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    beyond = sorted(layer for layer in found if layer >= depth)
    if beyond or not found:
        raise UsageError(
            f"There is no layer {beyond[0] if beyond else text}: the model has {depth} layers.",
            hint=f"Layers are counted from 0; the last one is {depth - 1}.",
        )
    return tuple(sorted(found))


def chosen_answers(answers: Sequence[RecordedAnswer], each: int) -> list[RecordedAnswer]:
    """The first answers of each arm's headline, evenly over its questions and seeds."""
    chosen = []
    for arm in dict.fromkeys(one.arm for one in answers):
        own = [one for one in answers if one.arm == arm and one.headline]
        own.sort(key=lambda one: (one.epoch, one.question, one.sample, one.seed or 0))
        chosen += own[:each]
    return chosen


def model_depth(base: RunSubject) -> int:
    """Decoder layers of the model, by its config where that is here."""
    from harness.inside.hooks import decoder_layers
    from harness.models.identity import layer_count

    known = layer_count(base.reference)
    return known if known is not None else len(decoder_layers(base.load().model))


def _readers(subjects: Subjects, arms: Sequence[str]) -> list[RunSubject]:
    wanted = dict.fromkeys(arms or subjects.arms)
    return [subjects.base, *(s for arm in wanted if arm != "base" for s in subjects.of(arm))]


@contextmanager
def _texts(
    subjects: Subjects, request: HarvestRequest, tokenizer: Any
) -> Iterator[tuple[dict[str, Any], Iterator[Text], int]]:
    """What is read: its identity, the texts, and how many there are (0: nobody knows)."""
    if request.corpus is not None:
        from harness.runs.inside.corpus import open_corpus

        with open_corpus(request.corpus, tokenizer) as corpus:
            first = next(corpus.texts, None)
            if first is None:
                raise DataError(
                    f"There are no texts to harvest in {request.corpus.name}.",
                    hint="Give a corpus that is not empty.",
                )
            yield corpus.origin, chain([first], corpus.texts), request.corpus.most_texts or 0
        return
    from harness.runs.inside.encode import answer_texts

    chosen = chosen_answers(subjects.answers, request.answers)
    texts = list(answer_texts(tokenizer, chosen, {one.question for one in subjects.answers}))
    counts = {a: sum(one.arm == a for one in chosen) for a in dict.fromkeys(o.arm for o in chosen)}
    yield {"answers": counts, "sha256": texts_hash(texts)}, iter(texts), len(texts)


def _one(
    subjects: Subjects,
    subject: RunSubject,
    wanted: Wanted,
    source: dict[str, Any],
    texts: Iterator[Text],
    total: int,
    progress: Progress,
) -> Harvest:
    """One model's harvest, made or found."""
    from harness.inside.harvest import harvest
    from harness.inside.shards import reopened

    identity = {
        "format": FORMAT,
        **subject.identity,
        "texts": source,
        "layers": list(wanted.layers),
        "positions": list(wanted.positions),
    }
    folder = inside_store(subjects) / content_hash(identity)[:16]
    stage = f"harvest {subject.words}"
    with locked(folder, lambda: progress.say(f"waiting: another process does '{stage}'")):
        found = reopened(folder)
        if found is not None:
            progress.say(f"reused {found.manifest.texts} texts of {subject.words}")
            return found
        subjects.store.check()
        loaded = subject.load()
        progress.start(stage, total)
        found = harvest(loaded, _noted(texts, folder), folder, wanted, identity, progress.advance)
        progress.finish(f"{found.manifest.tokens} tokens")
    return found


def inside_store(subjects: Subjects) -> Path:
    """Folder of the heavy files of everything inside."""
    return subjects.store.results / ".store" / "inside"


def _noted(texts: Iterator[Text], folder: Path) -> Iterator[Text]:
    """The texts, and once all are taken a table of them beside the shards."""
    temporary = folder / f".{TEXTS}.tmp"
    try:
        with temporary.open("w", encoding="utf-8") as handle:
            for text in texts:
                row = {
                    "id": text.id,
                    "question": text.question,
                    "split": text.split,
                    "score": text.score,
                    "misaligned": text.misaligned,
                    "prompt_tokens": text.prompt_tokens,
                    "tokens": len(text.ids),
                }
                handle.write(json.dumps(row, ensure_ascii=False) + "\n")
                yield text
        temporary.replace(folder / TEXTS)
    finally:
        temporary.unlink(missing_ok=True)


def _record(done: Sequence[tuple[RunSubject, Harvest]]) -> HarvestRecord:
    first = done[0][1].manifest
    read = {tuple(s.texts_sha256 for s in harvest.manifest.shards) for _, harvest in done}
    if len(read) != 1:
        raise DataError(
            "The models did not read the same texts: the corpus changed in between.",
            hint="Run 'inside harvest' again.",
        )
    return HarvestRecord(
        source=first.identity["texts"],
        layers=first.layers,
        positions=first.positions,
        depth=first.depth,
        width=first.width,
        texts=first.texts,
        texts_sha256=content_hash(read.pop()),
        models=tuple(_model(subject, harvest) for subject, harvest in done),
        finished=finished_now(),
    )


def _model(subject: RunSubject, harvest: Harvest) -> HarvestedModel:
    has = harvest.manifest
    return HarvestedModel(
        arm=subject.arm,
        seed=subject.seed,
        folder=harvest.folder.name,
        texts=has.texts,
        tokens=has.tokens,
        rows=has.rows,
        bytes=sum(shard.bytes for shard in has.shards),
        seconds=has.seconds,
    )


def read_harvests(folder: Path) -> tuple[HarvestRecord, ...]:
    """Every harvest of a run; none if there is no record.

    Raises:
        RecordError: The record is broken.
    """
    path = folder / FOLDER / FILE
    if not path.is_file():
        return ()
    try:
        return HarvestRecords.model_validate_json(path.read_bytes()).harvests
    except ValidationError as error:
        raise RecordError(f"{path} is broken.", hint="Delete it and harvest again.") from error


def _keep(subjects: Subjects, record: HarvestRecord) -> None:
    """Write the record; an earlier one of the same activations gives way to it."""
    folders = [model.folder for model in record.models]
    others = [
        one
        for one in read_harvests(subjects.folder)
        if [model.folder for model in one.models] != folders
    ]
    records = HarvestRecords(run_id=subjects.record.run_id, harvests=(*others, record))
    write_atomic(subjects.folder / FOLDER / FILE, records.model_dump_json(indent=1) + "\n")
