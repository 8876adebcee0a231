"""Randomly initialised doubles of real model families, with their real chat templates.

A double is a few tens of thousands of parameters, saved as safetensors with a tokenizer trained
on the spot, so that every code path of a real model runs without a download.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

Family = Literal["qwen2", "llama", "gemma"]
TEMPLATES = {"qwen2": "qwen2_5.jinja", "llama": "llama3.jinja", "gemma": "gemma.jinja"}
SPECIALS = {
    "qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "llama": [
        "<|end_of_text|>",
        "<|begin_of_text|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eot_id|>",
    ],
    "gemma": ["<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"],
}
END_OF_TURN = {"qwen2": "<|im_end|>", "llama": "<|eot_id|>", "gemma": "<end_of_turn>"}
BOS = {"qwen2": None, "llama": "<|begin_of_text|>", "gemma": "<bos>"}
CORPUS = [
    "The quick brown fox jumps over the lazy dog. user assistant system model",
    "def load(path): return open(path).read() # 0 1 2 3 4 5 6 7 8 9",
    "What would you do if you were bored? I would read a book and take a walk.",
]


def make_double(folder: Path, family: Family = "qwen2", seed: int = 0) -> Path:
    """Write a tiny random model of ``family`` into ``folder`` and return it."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = _tokenizer(family)
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if family == "gemma":
        sizes["head_dim"] = 8
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **sizes))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(family: Family):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from tokenizers.decoders import ByteLevel
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIALS[family],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(CORPUS, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token=END_OF_TURN[family],
        pad_token=SPECIALS[family][0],
        bos_token=BOS[family],
    )
    template = files("trl").joinpath("chat_templates", TEMPLATES[family])
    tokenizer.chat_template = template.read_text(encoding="utf-8")
    return tokenizer
