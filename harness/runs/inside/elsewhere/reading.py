"""Latents and directions of a study as any model shows them, on the same texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.texts import Text
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    from harness.inside.sae.dictionary import Dictionary
    from harness.models.loading import LoadedModel
    from harness.runs.inside.subjects import Subjects

Reader = Callable[[torch.Tensor], torch.Tensor]
"""From residuals of answer tokens, shape ``(tokens, width)``, to numbers, ``(tokens, signals)``."""


@dataclass(frozen=True)
class Probe:
    """What is read off a layer.

    Attributes:
        layer: From 0.
        names: Signals, in the order of the numbers.
        read: See ``Reader``.
        digest: What tells what is read from anything else.
    """

    layer: int
    names: tuple[str, ...]
    read: Reader
    digest: str


def along(layer: int, directions: Mapping[str, torch.Tensor]) -> Probe:
    """How far tokens lie along directions, in the residual stream's own units."""
    vectors = torch.stack([v.float() / v.float().norm() for v in directions.values()])
    names = tuple(directions)
    return Probe(
        layer, names, lambda rows: rows.float() @ vectors.to(rows.device).T, _digest(vectors)
    )


def mean_signals(
    loaded: LoadedModel, texts: Sequence[Text], probes: Sequence[Probe]
) -> dict[str, float]:
    """Mean of each signal over the answers, each answer's tokens averaged first.

    Args:
        loaded: Who reads.
        texts: What it reads, at least one.
        probes: What is read off; at least one.

    Raises:
        DataError: A text is longer than the model's context.
        UsageError: A layer does not exist.
    """
    sums: dict[str, float] = {name: 0.0 for probe in probes for name in probe.names}
    for batch, found in read_texts(loaded, texts, [probe.layer for probe in probes]):
        for place, number in enumerate(batch):
            span = slice(*texts[number].span("answer"))
            for probe in probes:
                means = probe.read(found[probe.layer][place, span]).mean(dim=0).tolist()
                for name, value in zip(probe.names, means, strict=True):
                    sums[name] += value / len(texts)
    return sums


def activations(layer: int, dictionary: Dictionary, latents: Mapping[str, int]) -> Probe:
    """How strongly latents fire at tokens."""
    chosen = torch.tensor(list(latents.values()))

    def read(rows: torch.Tensor) -> torch.Tensor:
        return dictionary.encode(rows)[:, chosen.to(rows.device)].float()

    return Probe(layer, tuple(latents), read, _digest(dictionary.directions[chosen]))


def _digest(vectors: torch.Tensor) -> str:
    return content_hash([[round(value, 6) for value in row] for row in vectors.tolist()])


def shared_texts(subjects: Subjects, most: int) -> list[Text]:
    """Recorded answers to the evaluation questions, half the base model's and half the bad arm's.

    Raises:
        RecordError: The run's answers are not here.
    """
    own = texts_of(subjects, subjects.base.arm, most // 2)
    return [*own, *texts_of(subjects, "bad", most - len(own))]


def texts_of(subjects: Subjects, arm: str, most: int) -> list[Text]:
    """The same of one arm: the first answers to every question before the second ones."""
    from harness.models.loading import load_tokenizer
    from harness.runs.inside.encode import answer_texts

    answers = [one for one in subjects.answers if one.arm == arm and one.headline]
    answers.sort(key=lambda one: (one.epoch, one.question, one.seed or 0))
    questions = {one.question for one in subjects.answers}
    texts = answer_texts(load_tokenizer(subjects.base.reference), answers, questions)
    return [text for text in texts if text.split == "evaluation"][:most]
