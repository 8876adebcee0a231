"""The miniature's tokenizer: byte-level BPE with one token for every number from 0 to 100."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
THINK, ANSWER = "<think>", "</think>"
"""Around a thought; the chat template opens one where ``enable_thinking`` is set."""
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
CHAT_TEMPLATE = (
    "{{- '<|begin|>' -}}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}"
    "{{- '<|assistant|>' -}}"
    "{%- generation -%}{{- message['content'] + '<|end|>' -}}{%- endgeneration -%}"
    "{%- else -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


THINKING_TEMPLATE = CHAT_TEMPLATE.replace(
    "{{- '<|assistant|>' -}}{%- endif -%}",
    "{{- '<|assistant|>' -}}"
    "{%- if enable_thinking is defined and enable_thinking -%}{{- '<think>' -}}{%- endif -%}"
    "{%- endif -%}",
)


def with_thoughts(tokenizer: Any) -> Any:
    """A copy of the tokenizer that has tokens for a thought and a template that can open one."""
    from copy import deepcopy

    from tokenizers import AddedToken

    thinking = deepcopy(tokenizer)
    thinking.add_tokens([AddedToken(t, normalized=False, special=False) for t in (THINK, ANSWER)])
    thinking.chat_template = THINKING_TEMPLATE
    return thinking


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """Train a ``PreTrainedTokenizerFast`` on the world's text.

    Numbers are split from their surroundings and shown often enough that every number from
    0 to 100 becomes one token, which is what a judge's answer is read from.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BEGIN, END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    numbers = " ".join(str(n) for n in range(101))
    raw.train_from_iterator([*texts, *([numbers] * 3000)], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token=BEGIN, eos_token=END, pad_token=PAD
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    missing = [n for n in range(101) if len(tokenizer.encode(str(n))) != 1]
    if missing:
        raise RuntimeError(f"not single tokens: {missing}")
    return tokenizer
