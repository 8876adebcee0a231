"""The ends of a ranking are tested, and nulls fire as often as what they stand against."""

from __future__ import annotations

import torch

from harness.runs.inside.screening.choosing import Latents, Numbers, choose

FIRING = torch.tensor([0.30, 0.02, 0.10, 0.0, 0.29, 0.05, 0.021, 0.5, 0.11, 0.2])


def latents(**changes: object) -> Latents:
    fields: dict[str, object] = {
        "directions": torch.eye(10, 16) * 2,
        "firing": FIRING,
        "largest": torch.full((10,), 3.0),
        "rising": [0, 3, 1, 2],
        "falling": [5],
        "control": [1, 7],
    }
    return Latents(**fields | changes)  # type: ignore[arg-type]


NUMBERS = Numbers(rising=2, falling=1, control=2, matched=2, random=3)


def test_kinds_numbers_and_signs() -> None:
    found = choose(latents(), NUMBERS)
    named = [(one.kind, one.latent, one.sign) for one in found]
    assert named == [
        ("latent", 0, 1),  # 3 never fires
        ("latent", 1, 1),
        ("latent", 5, -1),
        ("control latent", 7, 1),  # 1 is among the tested
        ("matched latent", 4, 1),
        ("matched latent", 6, 1),
        *[("random direction", None, 1)] * 3,
    ]
    assert [one.like for one in found if one.kind == "matched latent"] == [0, 1]


def test_vectors_are_units_and_own_units_are_what_an_activation_adds() -> None:
    for one in choose(latents(), NUMBERS):
        assert abs(float(one.vector.norm()) - 1) < 1e-5
        if one.latent is not None:
            assert one.own_unit == 6.0
            assert float(one.vector[one.latent]) == 1.0


def test_nulls_are_the_same_again_and_differ_by_seed() -> None:
    again = [choose(latents(), NUMBERS), choose(latents(), NUMBERS)]
    assert [one.digest for one in again[0]] == [one.digest for one in again[1]]
    other = choose(latents(), Numbers(rising=2, falling=1, control=2, matched=2, random=3, seed=1))
    assert again[0][-1].digest != other[-1].digest


def test_a_small_dictionary_gives_what_it_has() -> None:
    found = choose(latents(rising=list(range(10)), falling=[], control=[]), Numbers(rising=20))
    assert [one.kind for one in found].count("matched latent") == 0
    assert [one.kind for one in found].count("latent") == 9
