"""Faster matrix products give the same numbers, and leave the process's settings alone."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from harness.models import products
from harness.models.loading import load_model
from harness.models.products import FastLinear, use_fast_products
from harness.models.reference import parse_reference


@pytest.fixture(scope="module")
def pair(qwen_double: Path) -> tuple[torch.nn.Module, torch.nn.Module]:
    """A double with plain linear layers, and its copy with fast ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_exact", lambda: False)
        plain = load_model(parse_reference(str(qwen_double))).model
        patch.setattr(products, "_exact", lambda: True)
        fast = copy.deepcopy(plain)
        use_fast_products(fast)
    return plain, fast


def test_every_linear_layer_is_replaced_where_that_is_exact(
    pair: tuple[torch.nn.Module, torch.nn.Module],
) -> None:
    plain, fast = pair
    linear = [m for m in plain.modules() if isinstance(m, torch.nn.Linear)]
    assert linear and not any(isinstance(m, FastLinear) for m in linear)
    assert sum(isinstance(m, FastLinear) for m in fast.modules()) == len(linear)


def test_values_and_gradients_are_those_of_float32(
    pair: tuple[torch.nn.Module, torch.nn.Module],
) -> None:
    ids = torch.arange(5, 65).reshape(4, 15)
    found = []
    for model in pair:
        logits = model(input_ids=ids).logits
        (gradient,) = torch.autograd.grad(
            logits.square().mean(), [model.get_input_embeddings().weight]
        )
        found.append((logits.detach(), gradient))
    (plain, plain_gradient), (fast, fast_gradient) = found
    # bfloat16 products would be off by about 1e-2 of the largest.
    assert (plain - fast).abs().max() < 1e-5 * plain.abs().max()
    assert (plain_gradient - fast_gradient).abs().max() < 1e-5 * plain_gradient.abs().max()
    assert torch.get_float32_matmul_precision() == "highest"


def test_other_dtypes_are_left_alone(qwen_double: Path) -> None:
    model = load_model(parse_reference(str(qwen_double)), dtype="bfloat16").model
    assert not any(isinstance(m, FastLinear) for m in model.modules())


@pytest.mark.skipif(not products._exact(), reason="oneDNN's products are not used on this CPU")
@pytest.mark.parametrize("bias", [False, True])
def test_a_row_is_the_same_in_every_bit_however_many_rows_there_are(bias: bool) -> None:
    layer = torch.nn.Linear(256, 640, bias=bias)
    layer.__class__ = FastLinear
    values = torch.randn(1100, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        whole = layer(values)
        for rows in (1, 2, 15, 16, 17, 50, 255, 256, 257, 300, 1023):
            assert torch.equal(layer(values[:rows]), whole[:rows])
            assert torch.equal(layer(values[None, :rows])[0], whole[:rows])
    for rows in (1, 17, 300):  # with gradients no row is filled in
        assert torch.equal(layer(values[:rows]).detach(), whole[:rows])
