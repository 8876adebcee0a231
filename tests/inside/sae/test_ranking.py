"""Ranking: the order is of the discovery questions and of the wanted arm alone."""

from __future__ import annotations

import pytest
import torch

from harness.inside.sae.ranking import rank

BASE = torch.zeros(4, 5)
HALF = [True, True, False, False]


def shifted(*columns: tuple[float, float]) -> torch.Tensor:
    """Activity by latent: one value on discovery texts, one on evaluation texts."""
    return torch.tensor([[d for d, _ in columns]] * 2 + [[e for _, e in columns]] * 2)


def test_both_tails_beside_the_control() -> None:
    bad = [
        shifted((0.0, 0.0), (2.0, 1.0), (-3.0, -1.0), (0.5, 9.0), (-1.0, 0.0)),
        shifted((0.0, 0.0), (4.0, 3.0), (-1.0, -1.0), (0.5, 9.0), (-1.0, 0.0)),
    ]
    control = [shifted((7.0, 7.0), (0.1, 0.2), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))]
    found = rank(BASE, {"bad": bad, "control": control}, HALF, "bad", 10)
    assert [(one.latent, one.rank) for one in found.rising] == [(1, 1), (3, 2)]
    assert [(one.latent, one.rank) for one in found.falling] == [(2, 1), (4, 2)]
    top = found.rising[0].changes
    assert (top["bad"].discovery, top["bad"].evaluation) == (3.0, 2.0)
    assert top["bad"].models == (1.5, 3.5)
    assert abs(top["control"].discovery - 0.1) < 1e-6
    other = rank(BASE, {"bad": bad, "control": control}, HALF, "control", 1)
    assert [one.latent for one in other.rising] == [0]


def test_the_evaluation_half_cannot_change_the_order() -> None:
    quiet = shifted((1.0, 0.0), (2.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    loud = shifted((1.0, 99.0), (2.0, -99.0), (0.0, 50.0), (0.0, 0.0), (0.0, 0.0))
    orders = [
        [one.latent for one in rank(BASE, {"bad": [arm]}, HALF, "bad", 5).rising]
        for arm in (quiet, loud)
    ]
    assert orders == [[1, 0], [1, 0]]


def test_agreement_of_the_halves_is_told_or_missing() -> None:
    same = shifted((1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0), (5.0, 6.0))
    assert rank(BASE, {"bad": [same]}, HALF, "bad", 1).replicates == pytest.approx(1.0)
    assert rank(BASE, {"bad": [BASE]}, HALF, "bad", 1).replicates is None
