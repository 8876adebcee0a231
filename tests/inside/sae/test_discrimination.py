"""Known labels: areas under the curve, and the choice of a latent that the other half checks."""

from __future__ import annotations

import torch

from harness.inside.sae.contexts import telling_tokens
from harness.inside.sae.discrimination import aurocs, by_label, own_latents


def test_auroc_by_hand() -> None:
    activity = torch.tensor([[3.0, 0.0, 1.0], [2.0, 0.0, 2.0], [1.0, 0.0, 2.0], [0.0, 0.0, 9.0]])
    assert aurocs(activity, [True, True, False, False]).tolist() == [1.0, 0.5, 0.125]


def test_the_half_that_chooses_does_not_measure() -> None:
    torch.manual_seed(0)
    has = [number % 3 == 0 for number in range(120)]
    half = [number % 2 == 0 for number in range(120)]
    activity = torch.rand(120, 4)
    # Latent 1 tells the label on the discovery half only, latent 2 on both but less clearly.
    for number, (labelled, first) in enumerate(zip(has, half, strict=True)):
        activity[number, 1] += 9.0 * (labelled and first)
        activity[number, 2] += 0.8 * labelled
    labels = [frozenset({"x"} if one else set()) for one in has]
    (own,) = own_latents(activity, labels, half, seed=0)
    assert (own.latent, own.discovery, own.texts) == (1, 1.0, (20, 40))
    assert own.evaluation < 0.75
    assert own.null < 0.75
    shown = by_label(activity, labels, [not one for one in half])["x"]
    assert float(shown[2]) > 0.9 > float(shown[1])


def test_a_label_with_too_few_texts_is_left_out() -> None:
    labels = [frozenset({"rare"} if number < 3 else set()) for number in range(40)]
    half = [number % 2 == 0 for number in range(40)]
    assert own_latents(torch.rand(40, 3), labels, half, seed=0) == []


def test_log_odds_prefer_what_frequency_does_not_explain() -> None:
    from collections import Counter

    everywhere = Counter({1: 5000, 2: 60, 3: 40, 4: 2})
    fires = Counter({1: 100, 2: 50, 4: 1})
    tokens = telling_tokens(fires, everywhere, 5)
    assert tokens[0][0] == 2
    assert all(token != 1 for token, _ in tokens)
    assert all(score > 0 for _, score in tokens)
