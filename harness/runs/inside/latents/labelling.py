"""``inside label``: what the top latents fire at; evidence first, and no names from the tool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import DataError
from harness.inside.texts import Text, texts_hash
from harness.runs.inside.corpus import CorpusRequest, open_corpus
from harness.runs.inside.directing.record import DIRECTION, DirectionRecord
from harness.runs.inside.latents.known import Known, read_known
from harness.runs.inside.latents.label_record import (
    LABEL,
    SCHEMA,
    ContextRecord,
    DetectionRecord,
    LabelledRecord,
    LabelRecord,
    NearRecord,
    OwnRecord,
    TokenRecord,
)
from harness.runs.inside.latents.ranking import open_sae
from harness.runs.inside.latents.record import RankedRecord, read_rank, write_record
from harness.runs.inside.records import finished_now, known_side, read_side
from harness.runs.inside.subjects import Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    import torch
    from inspect_ai.model import Model

    from harness.inside.sae.contexts import Context, Observed
    from harness.inside.sae.dictionary import Dictionary
    from harness.inside.sae.discrimination import Own
    from harness.models.loading import LoadedModel

CONTEXTS, TOKENS, NEAREST = 8, 8, 3
NULL_SEED = 0
Tail = Literal["rising", "falling"]


@dataclass(frozen=True)
class LabelRequest:
    """What is labelled, and by whom.

    Attributes:
        corpus: What the base model reads; its ``most_texts`` bounds it.
        top: Latents of the rising tail.
        falling: Latents of the falling tail.
        labeller: Inspect model that writes labels, or None.
        known: JSONL file of labelled documents, ``world``, or None.
    """

    corpus: CorpusRequest
    top: int = 10
    falling: int = 5
    labeller: Model | None = None
    known: str | None = None


def label_latents(subjects: Subjects, request: LabelRequest, progress: Progress) -> LabelRecord:
    """Collect the evidence on a run's top latents, and write the record; or read it, if known.

    Raises:
        PrerequisiteError: There is no ranking yet.
        DataError: The corpus or the labelled documents cannot be read.
    """
    from harness.inside.sae.contexts import observe
    from harness.models.loading import load_tokenizer

    ranking = read_rank(subjects.folder)
    sae, dictionary, _ = open_sae(subjects)
    tokenizer = load_tokenizer(subjects.base.reference)
    with open_corpus(request.corpus, tokenizer) as corpus:
        texts = list(islice(corpus.texts, request.corpus.most_texts))
    if not texts:
        raise DataError(f"The corpus '{request.corpus.name}' is empty.")
    picked: list[tuple[Tail, RankedRecord]] = [
        *(("rising", one) for one in ranking.rising[: request.top]),
        *(("falling", one) for one in ranking.falling[: request.falling]),
    ]
    known = read_known(request.known, tokenizer) if request.known is not None else None
    near = _directions(subjects, sae.layer)
    inputs = _inputs(subjects, request, sae.folder, picked, texts, known, near)
    done = known_side(subjects.folder, LABEL, LabelRecord, inputs)
    if done is not None:
        return done
    base = subjects.base.load()
    latents = [one.latent for _, one in picked]
    progress.start("see where the latents fire", len(texts))
    seen = observe(dictionary, base, texts, sae.layer, latents, CONTEXTS, progress.advance)
    progress.finish()
    aurocs, own = _told(known, dictionary, base, sae.layer, progress)
    evidence = _Evidence(dictionary, base, seen, near)
    found = [evidence.of(tail, one, aurocs) for tail, one in picked]
    if request.labeller is not None:
        found = _labelled(found, request.labeller, texts, seen, base.tokenizer, progress)
    record = LabelRecord(
        inputs=inputs,
        run_id=subjects.record.run_id,
        sae=sae.folder,
        layer=sae.layer,
        corpus=request.corpus.name,
        texts=len(texts),
        tokens=seen.tokens.total(),
        labeller=str(request.labeller) if request.labeller is not None else None,
        latents=tuple(found),
        random_cosine=1.96 / math.sqrt(dictionary.width),
        known=known.source if known is not None else None,
        own=tuple(_own(one) for one in own),
        seed=NULL_SEED,
        finished=finished_now(),
    )
    write_record(subjects.folder, LABEL, record)
    return record


def _inputs(
    subjects: Subjects,
    request: LabelRequest,
    sae: str,
    picked: Sequence[tuple[Tail, RankedRecord]],
    texts: Sequence[Text],
    known: Known | None,
    near: dict[str, torch.Tensor],
) -> str:
    """Hash of all that the record depends on."""
    return content_hash(
        [
            SCHEMA,
            sae,
            subjects.base.identity,
            [(tail, one.rank, one.latent) for tail, one in picked],
            (request.corpus.name, texts_hash(texts)),
            str(request.labeller) if request.labeller is not None else None,
            None if known is None else (known.source, texts_hash(known.texts)),
            None if known is None else [sorted(labels) for labels in known.labels],
            {name: [round(value, 6) for value in vector.tolist()] for name, vector in near.items()},
        ]
    )


class _Evidence:
    """What is known of single latents."""

    def __init__(
        self,
        dictionary: Dictionary,
        base: LoadedModel,
        seen: Observed,
        near: dict[str, torch.Tensor],
    ) -> None:
        self._dictionary, self._base, self._seen, self._near = dictionary, base, seen, near

    def of(
        self, tail: Tail, ranked: RankedRecord, aurocs: dict[str, torch.Tensor]
    ) -> LabelledRecord:
        from harness.inside.lens import read_out
        from harness.inside.sae.contexts import telling_tokens

        firing = self._seen.firing[ranked.latent]
        direction = self._dictionary.directions[ranked.latent]
        values, ids = read_out(self._base, direction[None])[0].topk(TOKENS)
        at = telling_tokens(firing.tokens, self._seen.tokens, TOKENS)
        return LabelledRecord(
            latent=ranked.latent,
            tail=tail,
            rank=ranked.rank,
            label=None,
            score=None,
            fires_in=sum(value > 0 for value in firing.largest.values()),
            contexts=tuple(_context(one, self._base.tokenizer) for one in firing.contexts),
            fires_at=tuple(self._token(token, score) for token, score in at),
            promotes=tuple(map(self._token, ids.tolist(), values.tolist())),
            nearest=tuple(_nearest(direction, self._near)),
            auroc={name: float(values[ranked.latent]) for name, values in aurocs.items()},
        )

    def _token(self, token: int, value: float) -> TokenRecord:
        return TokenRecord(token=_words(self._base.tokenizer, [token]), value=value)


def _told(
    known: Known | None,
    dictionary: Dictionary,
    base: LoadedModel,
    layer: int,
    progress: Progress,
) -> tuple[dict[str, torch.Tensor], list[Own]]:
    """AUROC of all latents for each known label, and the latent that tells each one best."""
    if known is None:
        return {}, []
    from harness.inside.sae.activity import activity
    from harness.inside.sae.discrimination import by_label, own_latents

    progress.start("read the labelled documents", len(known.texts))
    active = activity(dictionary, base, known.texts, layer, "answer", progress.advance)
    progress.finish()
    discovery = [number % 2 == 0 for number in range(len(known.texts))]
    found = by_label(active, known.labels, [not half for half in discovery])
    return dict(found), own_latents(active, known.labels, discovery, NULL_SEED)


def _labelled(
    found: Sequence[LabelledRecord],
    labeller: Model,
    texts: Sequence[Text],
    seen: Observed,
    tokenizer: Any,
    progress: Progress,
) -> list[LabelledRecord]:
    from harness.runs.inside.latents.labeller import detect, detection_items, write_label

    progress.start(f"ask {labeller}", len(found))
    done = []
    for number, one in enumerate(found, start=1):
        shown = {context.text for context in seen.firing[one.latent].contexts}
        label = write_label(labeller, one)
        score: DetectionRecord | None = None
        if label is not None:
            items = detection_items(seen.firing[one.latent], shown, one.latent)
            windows = [(_window(texts[n], tokenizer), fires) for n, fires in items]
            score = detect(labeller, label, windows)
        done.append(one.model_copy(update={"label": label, "score": score}))
        progress.advance(number)
    progress.finish()
    return done


def _window(text: Text, tokenizer: Any) -> str:
    begin, end = text.span("answer")
    return _words(tokenizer, text.ids[begin:end])


def _directions(subjects: Subjects, layer: int) -> dict[str, torch.Tensor]:
    """The run's directions at a layer, as far as they have been found and are here."""
    from harness.inside.direction_files import load_direction

    record = read_side(subjects.folder, DIRECTION, DirectionRecord)
    found = {}
    for one in record.directions if record is not None else ():
        if any(at.layer == layer for at in one.layers):
            try:
                found[one.name] = load_direction(subjects.store.results, one.digest).at(layer)
            except DataError:
                continue  # the record travels, its vectors may not have
    return found


def _nearest(direction: torch.Tensor, near: dict[str, torch.Tensor]) -> list[NearRecord]:
    """One direction of each kind: those of several training seeds say the same over and over."""
    import torch

    cosines = {
        name: float(torch.cosine_similarity(direction, other, dim=0))
        for name, other in near.items()
    }
    order = sorted(cosines, key=lambda name: (-abs(cosines[name]), name))
    kinds: dict[str, str] = {}
    for name in order:
        kinds.setdefault(name.partition(".")[0], name)
    return [
        NearRecord(direction=name, cosine=cosines[name]) for name in [*kinds.values()][:NEAREST]
    ]


def _context(context: Context, tokenizer: Any) -> ContextRecord:
    ids, peak = context.ids, context.peak
    return ContextRecord(
        before=_words(tokenizer, ids[:peak]),
        token=_words(tokenizer, ids[peak : peak + 1]),
        after=_words(tokenizer, ids[peak + 1 :]),
        activation=context.activation,
    )


def _words(tokenizer: Any, ids: Sequence[int]) -> str:
    text: str = tokenizer.decode(list(ids), skip_special_tokens=False)
    return text


def _own(one: Own) -> OwnRecord:
    return OwnRecord(
        label=one.label,
        latent=one.latent,
        discovery=one.discovery,
        evaluation=one.evaluation,
        null=one.null,
        with_label=one.texts[0],
        without_label=one.texts[1],
    )
