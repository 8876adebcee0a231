"""Where latents fire: their strongest contexts in a corpus, and the tokens they fire at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from harness.inside.passes import read_texts
from harness.inside.sae.dictionary import Dictionary
from harness.inside.texts import Text

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

BEFORE, AFTER = 16, 8
"""Tokens of a context around its peak."""
PRIOR = 500.0
"""Tokens that the prior of the log-odds is worth."""


@dataclass(frozen=True)
class Context:
    """One text in which a latent fires.

    Attributes:
        text: Number of the text.
        activation: Largest activation in it.
        ids: Token ids around the peak.
        peak: Place of the peak among them.
    """

    text: int
    activation: float
    ids: tuple[int, ...]
    peak: int


@dataclass
class Firing:
    """What is seen of one latent in a corpus.

    Attributes:
        contexts: Its strongest, one per text, the strongest first.
        tokens: How often it fires at each token id.
        largest: For every text, its largest activation there; 0 where it is silent.
    """

    contexts: list[Context] = field(default_factory=list)
    tokens: Counter[int] = field(default_factory=Counter)
    largest: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Observed:
    """Chosen latents in a corpus.

    Attributes:
        firing: By latent.
        tokens: How often each token id stands in the corpus.
    """

    firing: dict[int, Firing]
    tokens: Counter[int]


def observe(
    dictionary: Dictionary,
    loaded: LoadedModel,
    texts: Sequence[Text],
    layer: int,
    latents: Sequence[int],
    keep: int,
    on_text: Callable[[int], None] = lambda done: None,
) -> Observed:
    """Read texts and note where some latents fire.

    Args:
        dictionary: The autoencoder.
        loaded: The base model.
        texts: The corpus.
        layer: Where the autoencoder belongs.
        latents: Which ones are watched.
        keep: Contexts kept of each.
        on_text: Told how many texts are done.
    """
    firing = {latent: Firing() for latent in latents}
    everywhere: Counter[int] = Counter()
    columns = torch.tensor(list(latents), dtype=torch.long)
    done = 0
    for batch, outputs in read_texts(loaded, texts, [layer]):
        for row, number in zip(outputs[layer], batch, strict=True):
            begin, end = texts[number].span("answer")
            ids = texts[number].ids
            active = dictionary.encode(row[begin:end]).float().cpu()[:, columns]
            everywhere.update(ids[begin:end])
            for place, latent in enumerate(latents):
                _note(firing[latent], active[:, place], ids, begin, number, keep)
        done += len(batch)
        on_text(done)
    return Observed(firing, everywhere)


def _note(
    seen: Firing, active: torch.Tensor, ids: tuple[int, ...], begin: int, number: int, keep: int
) -> None:
    fires = active.nonzero().flatten().tolist()
    seen.largest[number] = float(active.max())
    if not fires:
        return
    seen.tokens.update(ids[begin + place] for place in fires)
    peak = begin + int(active.argmax())
    first = max(0, peak - BEFORE)
    window = ids[first : peak + AFTER + 1]
    seen.contexts.append(Context(number, float(active.max()), window, peak - first))
    seen.contexts.sort(key=lambda one: (-one.activation, one.text))
    del seen.contexts[keep:]


def telling_tokens(
    fires: Counter[int], everywhere: Counter[int], count: int
) -> list[tuple[int, float]]:
    """Tokens at which a latent fires more often than their frequency explains.

    Log-odds with an informative Dirichlet prior, as z-scores (Monroe et al. 2008, "Fightin'
    Words", eq. 22): the corpus' own frequencies are the prior, so rare tokens need evidence.

    Args:
        fires: How often the latent fires at each token id.
        everywhere: How often each token id stands in the corpus.
        count: How many are wanted.

    Returns:
        Token ids and z-scores, the largest first; none at or below 0.
    """
    inside, total = fires.total(), everywhere.total()
    outside = total - inside
    found = []
    for token, here in fires.items():
        prior = PRIOR * everywhere[token] / total
        there = everywhere[token] - here
        odds = math.log((here + prior) / (inside + PRIOR - here - prior)) - math.log(
            (there + prior) / (outside + PRIOR - there - prior)
        )
        score = odds / math.sqrt(1 / (here + prior) + 1 / (there + prior))
        if score > 0:
            found.append((token, score))
    return sorted(found, key=lambda one: (-one[1], one[0]))[:count]
