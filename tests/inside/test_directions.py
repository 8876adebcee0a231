"""Directions: what they are on numbers whose answer is known, and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.errors import DataError
from harness.inside.direction_files import FOLDER, TENSORS, load_direction, save_direction
from harness.inside.directions import (
    auroc,
    cosine,
    drift_axis,
    mean_difference,
    random_like,
    shuffled_difference,
)
from harness.inside.edits import hold


def test_a_planted_direction_comes_out_of_the_means_and_not_of_shuffled_labels() -> None:
    torch.manual_seed(0)
    planted = torch.nn.functional.normalize(torch.randn(2, 64), dim=-1)
    bad, good = torch.randn(200, 2, 64) + 2 * planted, torch.randn(200, 2, 64)
    assert min(cosine(mean_difference(bad, good), planted)) > 0.9
    for seed in range(5):
        assert max(map(abs, cosine(shuffled_difference(bad, good, seed), planted))) < 0.6


def test_the_axis_of_a_drift_is_where_it_varies_and_agrees_with_its_mean() -> None:
    torch.manual_seed(0)
    axis = torch.nn.functional.normalize(torch.randn(1, 32), dim=-1)
    sizes = torch.rand(50, 1, 1) * 3
    found, shares = drift_axis(sizes * axis + 0.01 * torch.randn(50, 1, 32))
    assert cosine(found, axis)[0] == pytest.approx(1.0, abs=0.01)
    assert shares[0] > 0.9
    with pytest.raises(DataError, match="two texts"):
        drift_axis(torch.zeros(1, 1, 4))


def test_random_directions_have_the_norm_and_their_seed() -> None:
    vector = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    drawn = random_like(vector, 1)
    assert torch.allclose(drawn.norm(dim=-1), vector.norm(dim=-1))
    assert torch.equal(drawn, random_like(vector, 1))
    assert not torch.equal(drawn, random_like(vector, 2))


def test_auroc_counts_pairs_and_ties_by_half() -> None:
    assert auroc([3.0, 2.0], [1.0, 2.0]) == pytest.approx(3.5 / 4)
    assert auroc([], [1.0]) is None


def test_holding_a_direction_fixes_its_component_and_nothing_else() -> None:
    hidden = torch.randn(2, 3, 4)
    held = hold(torch.tensor([0.0, 2.0, 0.0, 0.0]), 1.5)(hidden)
    assert torch.allclose(held[..., 1], torch.full((2, 3), 1.5), atol=1e-6)
    assert torch.allclose(held[..., [0, 2, 3]], hidden[..., [0, 2, 3]])


def test_directions_come_back_from_disk_or_are_refused(tmp_path: Path) -> None:
    vectors = torch.randn(2, 8)
    saved = save_direction(tmp_path, "drift", {"run": "r"}, vectors, [1, 3], [2.0, 4.0])
    assert save_direction(tmp_path, "drift", {"run": "r"}, vectors, [1, 3], [2.0, 4.0]).digest == (
        saved.digest
    )
    read = load_direction(tmp_path, saved.digest)
    assert torch.equal(read.at(3), vectors[1]) and read.manifest.residual_norms == [2.0, 4.0]
    path = tmp_path / FOLDER / saved.digest / TENSORS
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="not what its manifest says"):
        load_direction(tmp_path, saved.digest)
    with pytest.raises(DataError, match="There is no direction"):
        load_direction(tmp_path, "0123")
