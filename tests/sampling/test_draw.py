from __future__ import annotations

import pytest
import torch

from harness.errors import SampleError
from harness.sampling.draw import draw_tokens, row_uniforms
from harness.sampling.settings import SamplingSettings

PROBABILITIES = torch.tensor([0.1, 0.4, 0.0, 0.3, 0.2])
CPU = torch.device("cpu")


def drawn(settings: SamplingSettings, points: int = 1000) -> set[int]:
    logits = PROBABILITIES.log().expand(points, -1)
    uniforms = torch.linspace(0, 1 - 1e-9, points, dtype=torch.float64)
    return set(draw_tokens(logits, uniforms, settings).tolist())


def test_inverse_cdf_follows_the_order_of_the_vocabulary() -> None:
    uniforms = torch.tensor([0.0, 0.09, 0.11, 0.49, 0.51, 0.79, 0.81, 0.999], dtype=torch.float64)
    chosen = draw_tokens(PROBABILITIES.log().expand(8, -1), uniforms, SamplingSettings())
    assert chosen.tolist() == [0, 0, 1, 1, 3, 3, 4, 4]


def test_impossible_tokens_are_never_drawn() -> None:
    assert drawn(SamplingSettings()) == {0, 1, 3, 4}


def test_uniform_just_below_one_draws_the_last_possible_token() -> None:
    logits = torch.tensor([[0.0, 0.0, -torch.inf]])
    almost_one = torch.tensor([1 - 2**-53], dtype=torch.float64)
    assert draw_tokens(logits, almost_one, SamplingSettings()).tolist() == [1]


def test_zero_temperature_takes_the_likeliest() -> None:
    assert drawn(SamplingSettings(temperature=0)) == {1}


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.3, {1}), (0.41, {1, 3}), (0.71, {1, 3, 4}), (1.0, {0, 1, 3, 4})]
)
def test_top_p_keeps_the_fewest_tokens_that_hold_it(top_p: float, kept: set[int]) -> None:
    assert drawn(SamplingSettings(top_p=top_p)) == kept


@pytest.mark.parametrize(("top_k", "kept"), [(1, {1}), (2, {1, 3}), (0, {0, 1, 3, 4})])
def test_top_k_keeps_the_likeliest(top_k: int, kept: set[int]) -> None:
    assert drawn(SamplingSettings(top_k=top_k)) == kept


def test_broken_logits_are_an_error_not_a_token() -> None:
    with pytest.raises(SampleError, match="not numbers"):
        draw_tokens(torch.full((1, 4), torch.nan), torch.zeros(1), SamplingSettings())


def test_uniforms_of_a_row_depend_on_its_seed_alone() -> None:
    alone = row_uniforms([5], 8, CPU)
    among = row_uniforms([3, 5, 2**63 - 1], 20, CPU)
    assert torch.equal(alone[0], among[1, :8])
    assert not torch.equal(among[0], among[1])


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_k": -1}, {"max_tokens": 0}]
)
def test_senseless_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SampleError, match=next(iter(wrong))):
        SamplingSettings(**wrong)  # type: ignore[arg-type]
