"""The residual stream of every family is found, read as Transformers defines it, and edited."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from harness.errors import ModelReferenceError, UsageError
from harness.inside.edits import add, in_turn, remove
from harness.inside.hooks import decoder_layers, edit_residuals, read_residuals
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.sampling.engine import sample_rows
from harness.sampling.settings import SamplingSettings
from tests.doubles import FAMILIES, make_double
from tests.families.test_multimodal import make_seeing_double

IDS = torch.tensor([[5, 6, 7, 8, 9, 10, 11, 12], [20, 21, 22, 23, 24, 25, 26, 27]])
ANSWERS = SamplingSettings(max_tokens=12)
PROMPTS = [[5, 6, 7], [8, 9, 10, 11, 12], [5, 6, 7]]


def double(folder: Path, family: str) -> LoadedModel:
    return load_model(parse_reference(str(make_double(folder, family, spread=0.3))))


def config_of(depth: int) -> SimpleNamespace:
    return SimpleNamespace(get_text_config=lambda: SimpleNamespace(num_hidden_layers=depth))


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return double(tmp_path_factory.mktemp("hooked"), "qwen2")


@pytest.mark.parametrize("family", list(FAMILIES))
def test_layers_read_in_every_family_are_its_hidden_states(tmp_path: Path, family: str) -> None:
    model = double(tmp_path, family).model
    with torch.inference_mode(), read_residuals(model, range(2)) as found:
        states = model(IDS, output_hidden_states=True).hidden_states
    assert torch.equal(found[0], states[1])
    # Transformers gives the last state behind the final norm.
    norm = getattr(model.get_decoder(), "norm", None) or model.get_decoder().final_layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(norm(found[1]), states[2])


def test_the_language_part_is_found_in_a_model_that_also_sees(tmp_path: Path) -> None:
    model = load_model(parse_reference(str(make_seeing_double(tmp_path)))).model
    layers = decoder_layers(model)
    assert [type(layer).__name__ for layer in layers] == ["Gemma3DecoderLayer"] * 2
    with torch.inference_mode(), read_residuals(model, [1]) as found:
        model(IDS)
    assert found[1].shape == (2, 8, 32)


def test_layers_are_found_under_an_adapter(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    plain = load_model(parse_reference(str(make_double(tmp_path)))).model
    wanted = list(decoder_layers(plain))
    adapted = get_peft_model(plain, LoraConfig(target_modules=["q_proj"]))
    assert list(decoder_layers(adapted)) == wanted


def test_a_layer_that_returns_a_tuple_is_read_and_edited() -> None:
    hidden = torch.randn(1, 3, 32)

    class Old(torch.nn.Module):
        def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, str]:
            return states * 2, "weights"

    class Model(torch.nn.Module):
        config = config_of(1)

        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList([Old()])

        def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, str]:
            return self.layers[0](states)

    model = Model()
    with edit_residuals(model, {0: lambda h: h + 1}), read_residuals(model, [0]) as found:
        out, rest = model(hidden)
    assert torch.equal(out, hidden * 2 + 1) and rest == "weights"
    assert torch.equal(found[0], out)


@pytest.mark.parametrize("layer", [-1, 2, 99])
def test_a_layer_that_does_not_exist_is_refused(qwen: LoadedModel, layer: int) -> None:
    refused = pytest.raises(UsageError, match=f"no layer {layer}: the model has 2 layers")
    with refused, read_residuals(qwen.model, [0, layer]):
        pass
    assert not any(one._forward_hooks for one in decoder_layers(qwen.model))


def test_a_model_without_layers_is_refused() -> None:
    model = torch.nn.Linear(2, 2)
    model.config = config_of(3)
    with pytest.raises(ModelReferenceError, match="No list of 3 decoder layers"):
        decoder_layers(model)


def test_hooks_are_gone_after_the_block_and_after_an_error(qwen: LoadedModel) -> None:
    before = qwen.model(IDS).logits
    with pytest.raises(RuntimeError), edit_residuals(qwen.model, {0: add(torch.ones(32))}):
        assert not torch.equal(qwen.model(IDS).logits, before)
        raise RuntimeError
    assert torch.equal(qwen.model(IDS).logits, before)
    assert not any(one._forward_hooks for one in decoder_layers(qwen.model))


def test_a_steered_answer_is_that_of_a_model_with_the_vector_in_its_weights(
    qwen: LoadedModel, tmp_path: Path
) -> None:
    """A bias on the layer's last linear map adds the same vector at every position."""
    vector = torch.randn(32, generator=torch.Generator().manual_seed(3))
    changed = load_model(parse_reference(str(make_double(tmp_path, spread=0.3))))
    down = decoder_layers(changed.model)[0].mlp.down_proj
    down.bias = torch.nn.Parameter(2.0 * vector)
    expected = sample_rows(changed, PROMPTS, [1, 2, 3], ANSWERS)
    with edit_residuals(qwen.model, {0: add(vector, 2.0)}):
        steered = sample_rows(qwen, PROMPTS, [1, 2, 3], ANSWERS)
    assert steered == expected
    assert steered != sample_rows(qwen, PROMPTS, [1, 2, 3], ANSWERS)


def test_no_edit_and_a_zero_dose_change_nothing(qwen: LoadedModel) -> None:
    plain = sample_rows(qwen, PROMPTS, [1, 2, 3], ANSWERS)
    for edits in ({}, {1: add(torch.ones(32), 0.0)}):
        with edit_residuals(qwen.model, edits):
            assert sample_rows(qwen, PROMPTS, [1, 2, 3], ANSWERS) == plain


@pytest.mark.parametrize(("dtype", "left"), [(torch.float32, 1e-6), (torch.bfloat16, 5e-3)])
def test_a_removed_direction_leaves_nothing_behind(dtype: torch.dtype, left: float) -> None:
    hidden = torch.randn(3, 5, 64, generator=torch.Generator().manual_seed(0)).to(dtype)
    vector = torch.randn(64, dtype=torch.float64) * 7
    edited = remove(vector)(hidden)
    unit = (vector / vector.norm()).float()
    assert edited.dtype == dtype
    assert (edited.float() @ unit).abs().max() < left * (hidden.float().norm(dim=-1).max())
    across = torch.randn(64)
    across -= (across @ unit) * unit
    torch.testing.assert_close(
        edited.float() @ across,
        hidden.float() @ across,
        atol=0.3 if left > 1e-4 else 1e-4,
        rtol=0.02,
    )


def test_edits_are_made_one_after_the_other() -> None:
    hidden, first, second = torch.zeros(1, 1, 2), torch.tensor([1.0, 1.0]), torch.tensor([0.0, 3.0])
    assert in_turn([add(first), remove(second)])(hidden).tolist() == [[[1.0, 0.0]]]


def test_directions_that_are_none_are_refused(qwen: LoadedModel) -> None:
    for wrong in (torch.ones(2, 2), torch.tensor([1.0, float("nan")])):
        with pytest.raises(UsageError, match="one row of finite numbers"):
            add(wrong)
    with pytest.raises(UsageError, match="norm zero"):
        remove(torch.zeros(3))
    with (
        pytest.raises(UsageError, match="48 wide, the model's residual stream 32"),
        edit_residuals(qwen.model, {0: add(torch.ones(48))}),
    ):
        qwen.model(IDS)
