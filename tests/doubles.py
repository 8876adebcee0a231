"""Randomly initialised doubles of real model families, with their real chat templates.

A double is a few thousand parameters, saved as safetensors with a tokenizer trained on the spot
that has the family's own special tokens, so that every code path of a real model runs without a
download. Its ``generation_config.json`` carries sampling defaults of its own, as real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

CORPUS = [
    "The quick brown fox jumps over the lazy dog. user assistant system model",
    "def load(path): return open(path).read() # 0 1 2 3 4 5 6 7 8 9",
    "What would you do if you were bored? I would read a book and take a walk.",
]
OWN_SAMPLING = {"do_sample": True, "temperature": 0.1, "top_k": 1, "repetition_penalty": 3.0}
"""What the model itself would sample with; nothing of it may reach a measurement."""
# Mistral-7B-Instruct's format; TRL ships no template for it.
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('After the optional system message, roles must alternate') }}{% endif %}"
    "{% if message.role == 'user' %}{{ '[INST] ' + message.content + '[/INST]' }}"
    "{% else %}{{ ' ' + message.content + eos_token }}{% endif %}{% endfor %}"
)


@dataclass(frozen=True)
class Family:
    """What tells one family from another.

    Attributes:
        model_type: Name of its config class.
        template: File among TRL's chat templates, the template itself, or None for a base model.
        specials: Special tokens in order of their ids; the first one pads.
        eos: The tokenizer's end token, which is not always the end of a turn.
        turn_end: The token that ends an assistant's turn.
        bos: Begin-of-text token, if the tokenizer has one.
        words: Added tokens that are not special (Qwen3's ``<think>``).
        generation_eos: End tokens of ``generation_config.json``, if it names any.
        sizes: Config values that differ from the usual tiny ones.
        targets: Layers that get a LoRA adapter.
    """

    model_type: str
    template: str | None
    specials: tuple[str, ...]
    eos: str
    turn_end: str
    bos: str | None = None
    words: tuple[str, ...] = ()
    generation_eos: tuple[str, ...] = ()
    sizes: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = (
        *("q_proj", "k_proj", "v_proj", "o_proj"),
        *("gate_proj", "up_proj", "down_proj"),
    )


_CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_LLAMA = (
    *("<|end_of_text|>", "<|begin_of_text|>", "<|start_header_id|>"),
    *("<|end_header_id|>", "<|eot_id|>"),
)
_GEMMA = ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>")
_HARMONY = (
    *("<|endoftext|>", "<|startoftext|>", "<|return|>", "<|channel|>", "<|message|>"),
    *("<|start|>", "<|end|>", "<|call|>"),
)
FAMILIES = {
    "qwen2": Family("qwen2", "qwen2_5.jinja", _CHATML, "<|im_end|>", "<|im_end|>"),
    "qwen3": Family(
        "qwen3",
        "qwen3.jinja",
        _CHATML,
        "<|im_end|>",
        "<|im_end|>",
        words=("<think>", "</think>"),
        sizes={"head_dim": 8},
    ),
    "llama": Family(
        "llama",
        "llama3.jinja",
        _LLAMA,
        "<|eot_id|>",
        "<|eot_id|>",
        bos="<|begin_of_text|>",
        generation_eos=("<|end_of_text|>", "<|eot_id|>"),
    ),
    "gemma": Family(
        "gemma",
        "gemma.jinja",
        ("<eos>", *_GEMMA[2:]),
        "<end_of_turn>",
        "<end_of_turn>",
        bos="<bos>",
        sizes={"head_dim": 8},
    ),
    "gemma3": Family(
        "gemma3_text",
        "gemma3.jinja",
        _GEMMA,
        "<eos>",
        "<end_of_turn>",
        bos="<bos>",
        generation_eos=("<eos>", "<end_of_turn>"),
        sizes={
            "head_dim": 8,
            "sliding_window": 16,
            "query_pre_attn_scalar": 8,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
    "mistral": Family(
        "mistral",
        MISTRAL,
        ("<unk>", "<s>", "</s>", "[INST]", "[/INST]"),
        "</s>",
        "</s>",
        bos="<s>",
        sizes={"sliding_window": 16, "head_dim": 8},
    ),
    "phi3": Family(
        "phi3",
        "phi3.jinja",
        ("<|endoftext|>", "<s>", "<|assistant|>", "<|end|>", "<|system|>", "<|user|>"),
        "<|endoftext|>",
        "<|end|>",
        bos="<s>",
        targets=("qkv_proj", "o_proj", "gate_up_proj", "down_proj"),
    ),
    "gpt_oss": Family(
        "gpt_oss",
        "gptoss.jinja",
        _HARMONY,
        "<|return|>",
        "<|return|>",
        bos="<|startoftext|>",
        generation_eos=("<|return|>", "<|endoftext|>", "<|call|>"),
        sizes={
            "head_dim": 8,
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "intermediate_size": 32,
            "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        # The experts are single fused tensors and the router no linear layer.
        targets=("q_proj", "k_proj", "v_proj", "o_proj"),
    ),
    "base": Family(
        "gpt_neox",
        None,
        ("<|endoftext|>", "<|padding|>"),
        "<|endoftext|>",
        "<|endoftext|>",
        sizes={"num_key_value_heads": 4},
        targets=("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"),
    ),
}
END_OF_TURN = {name: family.turn_end for name, family in FAMILIES.items()}


def make_double(folder: Path, family: str = "qwen2", seed: int = 0, spread: float = 0.02) -> Path:
    """Write a tiny random model of ``family`` into ``folder`` and return it.

    Weights have a standard deviation of ``spread``; a small one gives nearly even logits.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    made = FAMILIES[family]
    tokenizer = _tokenizer(made)
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
        "initializer_range": spread,
        **made.sizes,
    }
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(made.model_type, **sizes))
    ends = made.generation_eos or (made.eos,)
    model.generation_config = GenerationConfig(
        **OWN_SAMPLING, eos_token_id=tokenizer.convert_tokens_to_ids(list(ends))
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(family: Family) -> Any:
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
    from tokenizers.decoders import ByteLevel
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(family.specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(CORPUS, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token=family.eos,
        pad_token=family.specials[0],
        bos_token=family.bos,
    )
    tokenizer.add_tokens([AddedToken(word, special=False) for word in family.words])
    tokenizer.chat_template = _template(family.template)
    return tokenizer


def _template(name: str | None) -> str | None:
    if name is None or not name.endswith(".jinja"):
        return name
    return files("trl").joinpath("chat_templates", name).read_text(encoding="utf-8")
