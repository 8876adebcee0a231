"""An adapter taken apart is the adapter: its parts, put together, write what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from harness.errors import PrerequisiteError
from harness.inside.adapter import adapter_parts, read_scalars
from harness.inside.hooks import decoder
from harness.inside.texts import Text
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from tests.doubles import make_double

TEXTS = [Text("a", (5, 6, 7, 8, 9, 10), 3), Text("b", (20, 21, 22, 23), 1)]


def adapted(folder: Path, **settings: object) -> Path:
    """A double with a random adapter; the folder of the adapter."""
    make_double(folder / "model", spread=0.3)
    plain = AutoModelForCausalLM.from_pretrained(folder / "model")
    config = LoraConfig(**{"target_modules": ["q_proj", "down_proj"]} | settings)  # type: ignore[arg-type]
    model = get_peft_model(plain, config)
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder / "adapter")
    return folder / "adapter"


@pytest.mark.parametrize(
    "settings",
    [
        {"r": 1, "lora_alpha": 8},
        {"r": 4, "lora_alpha": 8, "use_rslora": True},
        {
            "r": 3,
            "lora_alpha": 6,
            "alpha_pattern": {"down_proj": 30},
            "rank_pattern": {"q_proj": 2},
        },
    ],
)
def test_all_parts_together_write_what_the_adapter_writes(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    folder = adapted(tmp_path, **settings)
    parts = adapter_parts(folder, most=64)
    assert sum(part.share for part in parts) == pytest.approx(4)
    loaded = load_model(parse_reference(str(tmp_path / "model")).with_adapter(folder))
    found = dict(read_scalars(loaded, TEXTS, parts))
    # PEFT's own layers, with the adapter not merged, say what it adds to each output.
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    live = PeftModel.from_pretrained(plain, str(folder)).eval()
    added: dict[str, torch.Tensor] = {}
    for name, module in live.get_base_model().named_modules():
        if hasattr(module, "base_layer"):
            module.register_forward_hook(
                lambda m, arguments, out, name=name: added.__setitem__(
                    name, (out - m.base_layer(arguments[0]))[0]
                )
            )
    for number, text in enumerate(TEXTS):
        with torch.inference_mode():
            decoder(live)(input_ids=torch.tensor([text.ids]))
        for name, wrote in added.items():
            mine = [(n, part) for n, part in enumerate(parts) if part.module == name]
            total = sum(found[number][:, n, None] * part.writes for n, part in mine)
            torch.testing.assert_close(total, wrote, atol=1e-4, rtol=1e-3)


def test_a_rank_one_adapter_has_one_part_a_layer(tmp_path: Path) -> None:
    parts = adapter_parts(adapted(tmp_path, r=1), most=5)
    assert [(part.layer, part.module.rpartition(".")[2]) for part in parts] == [
        (0, "down_proj"),
        (0, "q_proj"),
        (1, "down_proj"),
        (1, "q_proj"),
    ]
    assert all(part.share == pytest.approx(1) for part in parts)


def test_other_adapters_are_refused(tmp_path: Path) -> None:
    folder = adapted(tmp_path, r=2)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"use_dora": True}))
    with pytest.raises(PrerequisiteError, match="no plain LoRA adapter"):
        adapter_parts(folder)
