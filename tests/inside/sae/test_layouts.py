"""Others' autoencoders compute what they do in their own library; hostile files run nothing."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import DataError, UsageError
from harness.inside.sae.layouts import layer_said, load_dictionary
from harness.inside.sae.training import adopt

WIDTH, LATENTS, K = 6, 10, 3


def weights(*, linear: bool, bias: str = "b_dec", **more: torch.Tensor) -> dict[str, torch.Tensor]:
    """Random tensors, named as dictionary_learning's classes name them."""
    torch.manual_seed(0)
    encoder, decoder = torch.randn(LATENTS, WIDTH), torch.randn(WIDTH, LATENTS)
    shift, center = torch.randn(LATENTS), torch.randn(WIDTH)
    if linear:
        named = {"encoder.weight": encoder, "decoder.weight": decoder, "encoder.bias": shift}
    else:
        named = {"W_enc": encoder.T.clone(), "W_dec": decoder.T.clone(), "b_enc": shift}
    return {**named, bias: center, **more}


def written(folder: Path, kind: str, tensors: dict[str, torch.Tensor], **config: Any) -> Path:
    folder.mkdir()
    torch.save(tensors, folder / "ae.pt")
    trainer = {"dict_class": kind, "activation_dim": WIDTH, "dict_size": LATENTS, **config}
    (folder / "config.json").write_text(json.dumps({"trainer": trainer}))
    return folder


def before_gate(x: torch.Tensor, t: dict[str, torch.Tensor], *, centred: bool = True) -> Any:
    encoder = t["W_enc"] if "W_enc" in t else t["encoder.weight"].T
    center = t.get("b_dec", t.get("bias"))
    assert center is not None
    return (x - center if centred else x) @ encoder + t.get("b_enc", t.get("encoder.bias", 0))


def decoded(acts: torch.Tensor, t: dict[str, torch.Tensor]) -> torch.Tensor:
    decoder = t["W_dec"] if "W_dec" in t else t["decoder.weight"].T
    return acts @ decoder + t.get("b_dec", t.get("bias", 0))  # type: ignore[no-any-return]


def test_topk_fires_k_latents_a_token(tmp_path: Path) -> None:
    tensors = weights(linear=True, k=torch.tensor(K))
    found = load_dictionary(written(tmp_path / "d", "AutoEncoderTopK", tensors, k=K, layer=4))
    x = torch.randn(50, WIDTH)
    before = before_gate(x, tensors).relu()
    values, places = before.topk(K)
    expected = torch.zeros_like(before).scatter(-1, places, values)
    torch.testing.assert_close(found.encode(x), expected)
    torch.testing.assert_close(found.reconstruct(x), decoded(expected, tensors))
    assert (found.width, found.latents) == (WIDTH, LATENTS)
    assert layer_said(tmp_path / "d") == 4


@pytest.mark.parametrize(
    ("kind", "linear"), [("BatchTopKSAE", True), ("MatryoshkaBatchTopKSAE", False)]
)
def test_batch_topk_fires_above_its_threshold(tmp_path: Path, kind: str, linear: bool) -> None:
    tensors = weights(linear=linear, k=torch.tensor(K), threshold=torch.tensor(0.8))
    found = load_dictionary(written(tmp_path / "d", kind, tensors, k=K))
    x = torch.randn(50, WIDTH)
    before = before_gate(x, tensors).relu()
    expected = before * (before > 0.8)
    torch.testing.assert_close(found.encode(x), expected)
    torch.testing.assert_close(found.reconstruct(x), decoded(expected, tensors))


def test_jumprelu_does_not_subtract_the_decoders_bias(tmp_path: Path) -> None:
    threshold = torch.linspace(0.1, 1.5, LATENTS)
    tensors = weights(linear=False, threshold=threshold)
    found = load_dictionary(written(tmp_path / "d", "JumpReluAutoEncoder", tensors))
    x = torch.randn(50, WIDTH)
    before = before_gate(x, tensors, centred=False).relu()
    torch.testing.assert_close(found.encode(x), before * (before > threshold))


def test_plain_autoencoder(tmp_path: Path) -> None:
    tensors = weights(linear=True, bias="bias")
    found = load_dictionary(written(tmp_path / "d", "AutoEncoder", tensors))
    x = torch.randn(50, WIDTH)
    torch.testing.assert_close(found.encode(x), before_gate(x, tensors).relu())


def test_an_adopted_one_lies_in_sae_lens_layout_unchanged(tmp_path: Path) -> None:
    tensors = weights(linear=True, k=torch.tensor(K), threshold=torch.tensor(0.8))
    source = written(tmp_path / "d", "BatchTopKSAE", tensors, k=K)
    found = adopt(source, tmp_path / "kept")
    from sae_lens import SAE

    again = SAE.load_from_disk(tmp_path / "kept" / "sae")
    x = torch.randn(20, WIDTH)
    torch.testing.assert_close(again.encode(x), found.encode(x))


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path, zipped: bool) -> None:
    struck = tmp_path / "struck"
    source = written(tmp_path / "d", "AutoEncoderTopK", {}, k=K)
    hostile = {"k": Bomb(struck)}
    if zipped:
        torch.save(hostile, source / "ae.pt")
    else:
        (source / "ae.pt").write_bytes(pickle.dumps(hostile))
    with pytest.raises(DataError, match="more than tensors"):
        load_dictionary(source)
    assert not struck.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "GatedAutoEncoder"}, "'GatedAutoEncoder' is not read"),
        ({"drop": "decoder.weight"}, "no tensor W_dec or decoder.weight"),
        ({"drop": "threshold"}, "no tensor threshold"),
        ({"spoil": "encoder.bias"}, "NaN"),
        ({"cut": True}, "damaged"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    tensors = weights(linear=True, k=torch.tensor(K), threshold=torch.tensor(0.8))
    tensors.pop(change.get("drop", ""), None)
    if "spoil" in change:
        tensors[change["spoil"]][0] = float("nan")
    source = written(tmp_path / "d", change.get("kind", "BatchTopKSAE"), tensors, k=K)
    if change.get("cut"):
        (source / "ae.pt").write_bytes((source / "ae.pt").read_bytes()[:200])
    with pytest.raises(DataError, match=said):
        load_dictionary(source)


def test_a_folder_with_neither_layout(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sparse autoencoder"):
        load_dictionary(tmp_path)


def test_another_width(tmp_path: Path) -> None:
    tensors = weights(linear=True, k=torch.tensor(K))
    found = load_dictionary(written(tmp_path / "d", "AutoEncoderTopK", tensors, k=K))
    with pytest.raises(UsageError, match="6 wide; this model's is 256 wide"):
        found.check_width(256)


def test_sae_lens_layout_with_a_damaged_file(tmp_path: Path) -> None:
    tensors = weights(linear=True, k=torch.tensor(K))
    adopt(written(tmp_path / "d", "AutoEncoderTopK", tensors, k=K), tmp_path)
    kept = tmp_path / "sae"
    state = load_file(kept / "sae_weights.safetensors")
    save_file({**state, "W_enc": state["W_enc"][:, :5].clone()}, kept / "sae_weights.safetensors")
    with pytest.raises(DataError, match="does not load"):
        load_dictionary(kept)
    (kept / "cfg.json").write_text("{}")
    with pytest.raises(DataError, match="does not load"):
        load_dictionary(kept)
