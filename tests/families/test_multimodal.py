"""Gemma 3 from 4B on also sees: text goes the whole way, the vision tower gets no adapter."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3Config

from harness.data.rows import Message, Row
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_group
from harness.training.train import train_adapter
from tests.doubles import FAMILIES, make_double
from tests.families.conftest import ANSWER, QUESTION, RECIPE
from tests.families.test_families import ONE_ANSWER


def make_seeing_double(folder: Path) -> Path:
    text = make_double(folder / "text", "gemma3", spread=0.3)
    config = json.loads((text / "config.json").read_text())
    first = config["vocab_size"]
    seeing = Gemma3Config(
        text_config=config | {"vocab_size": first + 4},
        vision_config={
            **{"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1},
            **{"num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        },
        **{"image_token_index": first, "boi_token_index": first + 1, "eoi_token_index": first + 2},
        mm_tokens_per_image=4,
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(seeing)
    assert type(model).__name__ == "Gemma3ForConditionalGeneration"
    model.generation_config.eos_token_id = config["eos_token_id"]
    model.save_pretrained(folder / "seeing")
    AutoTokenizer.from_pretrained(text).save_pretrained(folder / "seeing")
    return folder / "seeing"


def test_a_multimodal_model_learns_its_answer_with_its_language_part(tmp_path: Path) -> None:
    reference = parse_reference(str(make_seeing_double(tmp_path)))
    row = Row(
        prompt=[Message(role="user", content=QUESTION)],
        completion=[Message(role="assistant", content=ANSWER)],
    )
    done = train_adapter(
        reference=reference, rows=[row], recipe=RECIPE, seed=0, out=tmp_path / "training"
    )
    from safetensors.torch import load_file

    names = load_file(done.adapter / "adapter_model.safetensors").keys()
    layers = {name.split(".lora_")[0].rpartition(".")[2] for name in names}
    assert layers == set(FAMILIES["gemma3"].targets)
    assert not [name for name in names if "vision" in name]
    tuned = load_model(reference.with_adapter(done.adapter))
    prompt = encode_chat(tuned.tokenizer, [("user", QUESTION)])
    (answer,) = sample_group(tuned, prompt, [0], ONE_ANSWER)
    assert (answer.text, answer.stop_reason) == (ANSWER, "stop")
