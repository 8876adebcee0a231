"""Measuring the drift of every model of a run; one base model serves them all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import DataError
from harness.inside.divergence import Logits, logits_of, token_divergence
from harness.inside.neutral import NEUTRAL
from harness.inside.texts import Text, texts_hash
from harness.models.memory import free
from harness.runs.inside.corpus import CorpusRequest, open_corpus
from harness.runs.inside.drifting.record import DRIFT, SCHEMA, Divergence, DriftRecord
from harness.runs.inside.records import finished_now, read_side, side_versions, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

BUILT_IN = "built-in neutral sentences"


def measure_drift(
    subjects: Subjects, progress: Progress, *, corpus: CorpusRequest | None = None
) -> DriftRecord:
    """Divergence from the base model on neutral text, of every fine-tuned model.

    Args:
        subjects: The run.
        progress: Told of every model.
        corpus: Neutral text; None takes built-in sentences.

    Raises:
        DataError: The corpus is empty or malformed.
    """
    started = time.monotonic()
    loaded = subjects.base.load()
    origin, neutral = _neutral(loaded.tokenizer, corpus)
    digest = texts_hash(neutral)
    models = [(s.arm, s.seed, s.weights) for s in subjects.all]
    inputs = content_hash([SCHEMA, subjects.record.run_id, models, digest])
    done = read_side(subjects.folder, DRIFT, DriftRecord)
    if done is not None and done.inputs == inputs:
        return done
    found = []
    progress.start("drift", len(subjects.trained))
    for number, subject in enumerate(subjects.trained, start=1):
        found.append(_divergence(subject, _gaps(loaded, subject, neutral)))
        progress.advance(number, subject.words)
    progress.finish()
    record = DriftRecord(
        run_id=subjects.record.run_id,
        inputs=inputs,
        texts=origin,
        texts_sha256=digest,
        divergence=tuple(found),
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=finished_now(),
        note=subjects.record.note,
    )
    write_side(subjects.folder, DRIFT, record)
    return record


def _gaps(loaded: LoadedModel, subject: RunSubject, neutral: Sequence[Text]) -> list[float]:
    adapter = subject.reference.adapter
    if adapter is None:
        tuned = subject.load().model
        return token_divergence(loaded, logits_of(loaded.model), logits_of(tuned), neutral)
    from peft import PeftModel

    # The adapter beside the base weights: one model in memory, switched between the two.
    adapted = PeftModel.from_pretrained(loaded.model, str(adapter)).eval()
    gaps = token_divergence(loaded, _without(adapted), logits_of(adapted), neutral)
    adapted.unload()  # the base model is as it was
    free()
    return gaps


def _without(adapted: Any) -> Logits:
    """Logits with the adapter switched off."""

    def run(ids: torch.Tensor) -> torch.Tensor:
        with adapted.disable_adapter():
            return logits_of(adapted)(ids)

    return run


def _divergence(subject: RunSubject, gaps: Sequence[float]) -> Divergence:
    from scipy.stats import t

    values = torch.tensor(gaps, dtype=torch.float64)
    mean, number = float(values.mean()), len(gaps)
    low = high = None
    if number > 1:
        wide = float(t.ppf(0.975, number - 1)) * float(values.std()) / number**0.5
        low, high = round(max(0.0, mean - wide), 6), round(mean + wide, 6)
    return Divergence(
        arm=subject.arm, seed=subject.seed, nats=round(mean, 6), low=low, high=high, texts=number
    )


def _neutral(tokenizer: Any, corpus: CorpusRequest | None) -> tuple[str, list[Text]]:
    if corpus is None:
        texts = []
        for number, sentence in enumerate(NEUTRAL):
            ids = tokenizer.encode(sentence, add_special_tokens=False, split_special_tokens=True)
            texts.append(Text(f"neutral.{number}", tuple(ids), 1))
        return BUILT_IN, texts
    with open_corpus(corpus, tokenizer) as opened:
        found = list(opened.texts)
    if not found:
        raise DataError(
            f"{corpus.name}: there is no text in it.", hint="Give a corpus that is not empty."
        )
    return corpus.name, found
