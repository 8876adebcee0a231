"""What every model of a sweep shows on the same texts, beside the untouched model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.texts import Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

Reader = Callable[[torch.Tensor], torch.Tensor]
"""From residuals of answer tokens, shape ``(tokens, width)``, to numbers, ``(tokens, signals)``."""


@dataclass(frozen=True)
class Probe:
    """What is read off a layer.

    Attributes:
        layer: From 0.
        names: Signals, in the order of the numbers.
        read: See ``Reader``.
    """

    layer: int
    names: tuple[str, ...]
    read: Reader


def along(layer: int, directions: Mapping[str, torch.Tensor]) -> Probe:
    """How far tokens lie along directions, in the residual stream's own units."""
    vectors = torch.stack([v.float() / v.float().norm() for v in directions.values()])
    return Probe(layer, tuple(directions), lambda rows: rows.float() @ vectors.to(rows.device).T)


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
