"""``inside sae``: a sparse autoencoder of the base model, trained on a corpus or taken in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import DataError, UsageError
from harness.inside.texts import Text, texts_hash
from harness.runs.inside.corpus import CorpusRequest, open_corpus
from harness.runs.inside.harvesting import chosen_answers, inside_store, parse_layers
from harness.runs.inside.latents.record import (
    SAE,
    SCHEMA,
    LossRecord,
    RenderingRecord,
    SaeRecord,
    write_record,
)
from harness.runs.inside.latents.statistics import FILE as STATISTICS
from harness.runs.inside.latents.statistics import write_statistics
from harness.runs.inside.records import finished_now, known_side
from harness.runs.inside.subjects import Subjects
from harness.runs.lock import locked
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    from harness.inside.sae.dictionary import Dictionary
    from harness.inside.sae.quality import Losses, Rendering
    from harness.inside.sae.training import SaeSettings
    from harness.models.loading import LoadedModel

FORMAT = 1
"""Raised whenever equal inputs give another autoencoder."""
HELD_OUT = 20
"""Every so many-th text of the corpus is kept out of the training."""
CHECKED = 120
"""Held-out texts, and recorded answers, that the autoencoder is measured on, at most."""


@dataclass(frozen=True)
class SaeRequest:
    """What is trained, or taken in.

    Attributes:
        corpus: What the base model reads; its ``most_texts`` bounds the harvest.
        settings: Settings of the training.
        layer: ``middle`` or a number.
        source: Folder of somebody's autoencoder; None trains one.
    """

    corpus: CorpusRequest
    settings: SaeSettings
    layer: str = "middle"
    source: Path | None = None


def make_sae(subjects: Subjects, request: SaeRequest, progress: Progress) -> SaeRecord:
    """Train a run's autoencoder or take one in, measure it, and write the record; or read it.

    Raises:
        UsageError: The layer does not exist, or the autoencoder has another width.
        DataError: The corpus or the autoencoder cannot be read, or is too small.
        PrerequisiteError: sae-lens is not installed, or the disk has no room.
    """
    from harness.inside.hooks import decoder_layers
    from harness.inside.sae.layouts import layer_said
    from harness.inside.sae.library import sae_lens

    sae_lens()
    base = subjects.base.load()
    depth = len(decoder_layers(base.model))
    said = layer_said(request.source) if request.source is not None else None
    named = str(said) if request.layer == "middle" and said is not None else request.layer
    layers = parse_layers(named, depth)
    if len(layers) != 1:
        raise UsageError("An autoencoder reads one layer.", hint="Give --layer a single number.")
    held, origin = _held_out(request.corpus, base.tokenizer)
    made = _Making(subjects, request, progress, base, layers[0], origin)
    folder, dictionary, distinct = made.trained() if request.source is None else made.adopted()
    dictionary.check_width(int(base.model.config.get_text_config().hidden_size))
    answers = _answers(subjects, base.tokenizer)
    source = request.source.name if request.source is not None else None
    models = [(subject.words, subject.identity) for subject in subjects.all]
    texts = [texts_hash(held), texts_hash(answers)]
    inputs = content_hash([SCHEMA, folder.name, source, origin, models, texts])
    done = known_side(subjects.folder, SAE, SaeRecord, inputs)
    if done is not None and (folder / STATISTICS).is_file():
        return done
    renderings, losses, own = made.measured(dictionary, held, answers)
    write_statistics(folder, own)
    settings = request.settings if request.source is None else None
    record = SaeRecord(
        inputs=inputs,
        run_id=subjects.record.run_id,
        folder=folder.name,
        origin="trained" if settings is not None else "loaded",
        source=source,
        architecture=dictionary.architecture,
        layer=layers[0],
        width=dictionary.width,
        latents=dictionary.latents,
        settings=_plain(settings) if settings is not None else None,
        corpus=origin,
        trained_tokens=settings.steps * settings.batch if settings is not None else None,
        distinct_tokens=distinct,
        dead=int((own.firing == 0).sum()),
        dead_of_tokens=own.rows,
        renderings=tuple(renderings),
        losses=LossRecord(
            tokens=losses.tokens,
            untouched=losses.untouched,
            spliced=losses.spliced,
            averaged=losses.averaged,
            recovered=losses.recovered,
        ),
        seed=settings.seed if settings is not None else None,
        seconds={name: round(value, 2) for name, value in made.seconds.items()},
        versions={name: version(name) for name in ("em-harness", "torch", "sae-lens")},
        finished=finished_now(),
    )
    write_record(subjects.folder, SAE, record)
    return record


class _Making:
    """One call of the verb."""

    def __init__(
        self,
        subjects: Subjects,
        request: SaeRequest,
        progress: Progress,
        base: LoadedModel,
        layer: int,
        origin: dict[str, Any],
    ) -> None:
        """Nothing has been done."""
        self.subjects, self.request, self.progress = subjects, request, progress
        self.base, self.layer, self.origin = base, layer, origin
        self.seconds: dict[str, float] = {}

    def trained(self) -> tuple[Path, Dictionary, int]:
        """Train, or find what was trained: its folder, itself, and the rows it had."""
        from harness.inside.sae.rows import HarvestedRows
        from harness.inside.sae.training import identity, train

        what = {
            "format": FORMAT,
            **self.subjects.base.identity,
            "corpus": self.origin,
            "layer": self.layer,
            "held_out": HELD_OUT,
        }
        settings = self.request.settings
        folder = self._folder({**what, "settings": identity(settings)})
        with locked(folder, self._waiting):
            harvest = self._harvest(what)
            started = time.monotonic()
            self.progress.start("train the sparse autoencoder", settings.steps * settings.batch)
            rows = HarvestedRows(harvest, "answer", self.layer)
            dictionary = train(rows, settings, folder, self.progress.advance, str(self.base.device))
            self.progress.finish(f"{dictionary.latents} latents")
            self.seconds["train"] = time.monotonic() - started
        return folder, dictionary, sum(rows.sizes)

    def adopted(self) -> tuple[Path, Dictionary, None]:
        """Take in somebody's autoencoder."""
        from harness.inside.sae.layouts import SAE_LENS, layout_of
        from harness.inside.sae.training import adopt
        from harness.inside.shards import file_sha256

        source = self.request.source
        assert source is not None
        names = SAE_LENS if layout_of(source) == "sae-lens" else ("config.json", "ae.pt")
        hashes = [file_sha256(source / name) for name in names]
        folder = self._folder({"format": FORMAT, "source": hashes, "layer": self.layer})
        with locked(folder, self._waiting):
            return folder, adopt(source, folder), None

    def measured(
        self, dictionary: Dictionary, held: list[Text], answers: list[Text]
    ) -> tuple[list[RenderingRecord], Losses, Rendering]:
        """How it renders every model of the run; the last is the base model on the corpus."""
        from harness.inside.sae.quality import losses, render

        started = time.monotonic()
        found: list[RenderingRecord] = []
        own: Rendering | None = None
        self.progress.start("measure the sparse autoencoder", len(self.subjects.all))
        for number, subject in enumerate(self.subjects.all):
            loaded = self.base if subject is self.subjects.base else subject.load()
            on_corpus = render(dictionary, loaded, held, self.layer)
            on_answers = render(dictionary, loaded, answers, self.layer)
            found.append(_rendering(subject.words, "corpus", on_corpus))
            found.append(_rendering(subject.words, "answers", on_answers))
            own = own or on_corpus
            self.progress.advance(number + 1)
        assert own is not None
        lost = losses(dictionary, self.base, held, self.layer, own.mean)
        self.progress.finish()
        self.seconds["measure"] = time.monotonic() - started
        return found, lost, own

    def _harvest(self, what: dict[str, Any]) -> Any:
        from harness.inside.harvest import Wanted, harvest

        wanted = Wanted((self.layer,), ("answer",))
        identity = {**what, "positions": ["answer"], "layers": [self.layer]}
        folder = self._folder(identity)
        with locked(folder, self._waiting):
            self.subjects.store.check()
            started = time.monotonic()
            self.progress.start("harvest the corpus", self.request.corpus.most_texts or 0)
            with open_corpus(self.request.corpus, self.base.tokenizer) as corpus:
                texts = _every(corpus.texts, held=False)
                done = harvest(self.base, texts, folder, wanted, identity, self.progress.advance)
            self.progress.finish(f"{done.manifest.tokens} tokens")
            self.seconds["harvest"] = time.monotonic() - started
        return done

    def _folder(self, identity: dict[str, Any]) -> Path:
        return inside_store(self.subjects) / content_hash(identity)[:16]

    def _waiting(self) -> None:
        self.progress.say("waiting: another process works on the same")


def _held_out(request: CorpusRequest, tokenizer: Any) -> tuple[list[Text], dict[str, Any]]:
    """Texts that no training sees, and what the corpus is."""
    with open_corpus(replace(request), tokenizer) as corpus:
        held = list(islice(_every(corpus.texts, held=True), CHECKED))
        if not held:
            raise DataError(
                f"The corpus '{request.name}' has fewer than {HELD_OUT} texts.",
                hint="Give a larger one with --corpus.",
            )
        return held, {**corpus.origin, "held_out_sha256": texts_hash(held)}


def _every(texts: Iterator[Text], held: bool) -> Iterator[Text]:
    """The texts that are held out, or the others."""
    return (t for n, t in enumerate(texts) if (n % HELD_OUT == HELD_OUT - 1) == held)


def _answers(subjects: Subjects, tokenizer: Any) -> list[Text]:
    from harness.runs.inside.encode import answer_texts

    arms = len(subjects.arms) + 1
    chosen = chosen_answers(subjects.answers, max(1, CHECKED // arms))
    return list(answer_texts(tokenizer, chosen, {one.question for one in subjects.answers}))


def _rendering(model: str, texts: Literal["corpus", "answers"], seen: Rendering) -> RenderingRecord:
    return RenderingRecord(
        model=model,
        texts=texts,
        rows=seen.rows,
        explained=seen.explained,
        fires=seen.fires,
        residual_norm=seen.residual_norm,
    )


def _plain(settings: SaeSettings) -> dict[str, Any]:
    from harness.inside.sae.training import identity

    return identity(settings)
