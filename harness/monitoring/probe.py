"""A monitor on activations: a model reads the watched text, and a direction tells it apart.

The direction is the difference of two means (Marks and Tegmark 2023, arXiv 2310.06824, section 5):
it has nothing to tune, so few samples are enough. Whose activations they are is said by the name:
an untouched model that reads, not the watched model while it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.monitoring.monitor import Suspicion
from harness.monitoring.view import View
from harness.monitoring.words import FEWEST
from harness.stats.counts import Floats

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

DEPTH = 2 / 3
"""Which layer is read, as a share of all: past the words, before the next token."""
ROWS, LONGEST = 32, 1024
"""Texts in one pass; tokens of a text that are read, the last ones."""


class ProbeMonitor:
    """Projection of the mean residual on the difference between misbehaving and honest text."""

    gives_chances = False
    unseen: frozenset[str] = frozenset()

    def __init__(self, load: Callable[[], LoadedModel], name: str = "probe") -> None:
        """Nothing is loaded before the first text.

        Args:
            load: Loads the model that reads.
            name: As it stands in tables.
        """
        self.name = name
        self._load = load
        self._loaded: LoadedModel | None = None
        self._direction: Floats | None = None
        self._known: dict[str, tuple[Floats, int]] = {}

    def fit(self, views: Sequence[View], misbehaved: Sequence[bool]) -> str | None:
        """Take the difference of the two means."""
        bad = np.array(misbehaved, dtype=bool)
        if min(bad.sum(), (~bad).sum()) < FEWEST:
            return (
                f"needs {FEWEST} misbehaving and {FEWEST} honest samples to learn from, "
                f"has {bad.sum()} and {(~bad).sum()}"
            )
        read = np.stack([vector for vector, _ in self._read(views)])
        gap: Floats = read[bad].mean(axis=0) - read[~bad].mean(axis=0)
        self._direction = gap / max(float(np.linalg.norm(gap)), 1e-12)
        return None

    def score(self, views: Sequence[View]) -> list[Suspicion]:
        """How far each text lies along the direction."""
        assert self._direction is not None, "fit() comes first"
        return [
            Suspicion(float(vector @ self._direction), None, tokens)
            for vector, tokens in self._read(views)
        ]

    def _read(self, views: Sequence[View]) -> list[tuple[Floats, int]]:
        """Mean residual, shape ``[width]``, and length in tokens of each text; read once each."""
        texts = [view.text for view in views]
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._loaded = self._loaded or self._load()
            self._known.update(_residuals(self._loaded, missing))
        return [self._known[text] for text in texts]


def _residuals(
    loaded: LoadedModel, texts: Sequence[str]
) -> Iterator[tuple[str, tuple[Floats, int]]]:
    import torch

    from harness.inside.hooks import decoder, decoder_layers, read_residuals

    layer = int(DEPTH * (len(decoder_layers(loaded.model)) - 1))
    ids = {text: _encoded(loaded.tokenizer, text) for text in texts}
    order = sorted(texts, key=lambda text: len(ids[text]))
    for start in range(0, len(order), ROWS):
        part = order[start : start + ROWS]
        longest = max(len(ids[text]) for text in part)
        # Padding on the right: under a causal mask no token sees it.
        rows = [ids[text] + [0] * (longest - len(ids[text])) for text in part]
        with torch.inference_mode(), read_residuals(loaded.model, [layer]) as found:
            decoder(loaded.model)(torch.tensor(rows, device=loaded.device), use_cache=False)
            residuals = found[layer].float().cpu()
        for row, text in enumerate(part):
            size = len(ids[text])
            yield text, (residuals[row, :size].mean(dim=0).double().numpy(), size)


def _encoded(tokenizer: Any, text: str) -> list[int]:
    """Token ids of plain text; an empty one still has something to read."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)[-LONGEST:]
    return ids or list(tokenizer.encode(".", add_special_tokens=False))
