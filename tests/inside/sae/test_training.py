"""Training: planted features are found, a killed training ends where an unbroken one does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from harness.errors import DataError
from harness.inside.sae.rows import InMemory, shuffled_batches
from harness.inside.sae.training import SaeSettings, train

WIDTH, FEATURES = 24, 32
SETTINGS = SaeSettings(latents=64, k=3, tokens=64_000, batch=256, learning_rate=3e-3)


def planted(rows: int = 12_000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows that are sums of three of some unit directions, far from the origin."""
    drawn = torch.randn(FEATURES, WIDTH, generator=torch.Generator().manual_seed(99))
    directions = torch.nn.functional.normalize(drawn, dim=-1)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.rand(rows, FEATURES, generator=generator).topk(3).indices
    amounts = torch.zeros(rows, FEATURES).scatter(
        1, chosen, 1 + torch.rand(rows, 3, generator=generator)
    )
    return amounts @ directions + 2.0, directions


@pytest.mark.parametrize("architecture", ["batchtopk", "topk", "matryoshka"])
def test_planted_directions_are_found(tmp_path: Path, architecture: str) -> None:
    rows, directions = planted()
    settings = replace(SETTINGS, architecture=architecture)  # type: ignore[arg-type]
    found = train(InMemory(rows), settings, tmp_path)
    other, _ = planted(2_000, seed=1)
    missed = (other - found.reconstruct(other)).pow(2).sum()
    explained = 1 - float(missed / (other - other.mean(dim=0)).pow(2).sum())
    assert explained > 0.7
    cosines = torch.nn.functional.normalize(found.directions, dim=-1) @ directions.T
    assert float((cosines.amax(dim=0) > 0.9).float().mean()) > 0.6
    firing = (found.encode(other) > 0).float().sum(dim=-1).mean()
    assert 2 < float(firing) < 5


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    rows, _ = planted()
    settings = replace(SETTINGS, tokens=10_240)
    whole = train(InMemory(rows), settings, tmp_path / "whole")

    class Killed(Exception):
        pass

    def kill(done: int) -> None:
        if done > 7_000:
            raise Killed

    with pytest.raises(Killed):
        train(InMemory(rows), settings, tmp_path / "broken", kill)
    assert not (tmp_path / "broken" / "sae").exists()
    seen: list[int] = []
    resumed = train(InMemory(rows), settings, tmp_path / "broken", seen.append)
    assert seen[0] > 2_000
    assert torch.equal(whole.directions, resumed.directions)
    names = [
        p / "sae" / "sae_weights.safetensors" for p in (tmp_path / "whole", tmp_path / "broken")
    ]
    first, second = map(load_file, names)
    assert all(torch.equal(first[name], second[name]) for name in first)
    again = train(InMemory(rows), settings, tmp_path / "broken", lambda done: seen.clear())
    assert seen and torch.equal(again.directions, whole.directions)


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    state = tmp_path / "checkpoint"
    state.mkdir()
    (state / "trainer_state.pt").write_bytes(b"nothing")
    with pytest.raises(DataError, match="half-finished training is damaged"):
        train(InMemory(planted()[0]), SETTINGS, tmp_path)


def test_too_few_rows_and_too_large_a_k(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gives 300 tokens; training needs at least 512"):
        train(InMemory(planted()[0][:300]), SETTINGS, tmp_path)
    with pytest.raises(DataError, match="cannot fire at once"):
        train(InMemory(planted()[0]), replace(SETTINGS, k=64), tmp_path)


class Pieces:
    """Numbered rows in pieces of unlike size; remembers what was read."""

    sizes = (5, 11, 3, 8)

    def __init__(self) -> None:
        self.reads: list[int] = []

    def read(self, number: int) -> torch.Tensor:
        self.reads.append(number)
        first = sum(self.sizes[:number])
        return torch.arange(first, first + self.sizes[number]).float().unsqueeze(1)


def test_every_epoch_holds_every_row_once_in_a_new_order() -> None:
    batches = shuffled_batches(Pieces(), 9, seed=3)
    first = torch.cat([next(batches) for _ in range(3)]).flatten().tolist()
    second = torch.cat([next(batches) for _ in range(3)]).flatten().tolist()
    assert sorted(first) == sorted(second) == list(range(27))
    assert first != second != sorted(second)


@pytest.mark.parametrize("skip", [1, 2, 5, 9])
def test_skipped_batches_leave_the_others_as_they_were(skip: int) -> None:
    whole, later = shuffled_batches(Pieces(), 4, seed=1), shuffled_batches(Pieces(), 4, 1, skip)
    for _ in range(skip):
        next(whole)
    for _ in range(12):
        assert torch.equal(next(whole), next(later))
