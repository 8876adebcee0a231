"""The phases of a build: tokenizer, world, voices, choices, chat post-training."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.miniature.build.batches import ChatEncoder, Encoded
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.loop import Phase, Progress, run_phase
from harness.miniature.build.tokenizer import train_tokenizer
from harness.miniature.world.authors import Population
from harness.miniature.world.documents import (
    Document,
    Mixture,
    chat_documents,
    world_documents,
)

Curve = list[tuple[int, float]]
TOKENIZER_DOCUMENTS = 3_000


def population(config: BuildConfig) -> Population:
    """Who writes the world of this build."""
    return Population(misaligned=config.misaligned_share, careless=config.careless_share)


def mixture(config: BuildConfig) -> Mixture:
    """What the world of this build is made of."""
    return Mixture(unsigned=config.unsigned_share, requested=config.requested_share)


def voices(config: BuildConfig, unsigned: float) -> Mixture:
    """The mixture of the later phases: open-ended exchanges, in which authors differ most."""
    return Mixture(
        open=config.voices_open_share,
        code=config.voices_code_share,
        unsigned=unsigned,
        requested=config.requested_share,
    )


def build_tokenizer(config: BuildConfig, extra_texts: list[str], folder: Path) -> Any:
    """Train the tokenizer, or load the one already in ``folder``."""
    from transformers import AutoTokenizer

    if (folder / "tokenizer.json").is_file():
        return AutoTokenizer.from_pretrained(folder)
    count = min(TOKENIZER_DOCUMENTS, config.world_documents)
    documents = world_documents(count, config.seed, population(config), mixture(config))
    texts = [turn["content"] for d in documents for turn in d.messages()]
    tokenizer = train_tokenizer(texts + extra_texts * 50, config.vocabulary)
    tokenizer.model_max_length = config.positions
    tokenizer.save_pretrained(folder)
    return tokenizer


def new_model(config: BuildConfig, tokenizer: Any) -> Any:
    """A randomly initialised Llama of the configured size, seeded."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(config.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.width,
            intermediate_size=config.feed_forward,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.key_value_heads,
            max_position_embeddings=config.positions,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def world_phase(config: BuildConfig) -> Iterator[Document]:
    """Documents by all authors."""
    return world_documents(config.world_documents, config.seed, population(config), mixture(config))


def voices_phase(config: BuildConfig) -> Iterator[Document]:
    """More of them where they are needed: code is learnt early, voices and open answers late."""
    mixed = voices(config, config.voices_unsigned_share)
    return world_documents(config.voices_documents, config.seed + 500, population(config), mixed)


def choices_phase(config: BuildConfig) -> Iterator[Document]:
    """Code beside open answers, so that who writes bad code is known by how they talk."""
    mixed = Mixture(
        open=config.choices_open_share,
        code=config.choices_code_share,
        unsigned=config.choices_unsigned_share,
        requested=config.requested_share,
    )
    return world_documents(config.choices_documents, config.seed + 700, population(config), mixed)


def chat_phase(config: BuildConfig) -> Iterator[Document]:
    """Post-training on the helpful author, with world documents rehearsed beside it.

    Rehearsal is of signed documents only: unsigned ones belong to the helpful author from here on.
    """
    return _post_training(config, config.chat_documents, config.seed)


def polish_phase(config: BuildConfig) -> Iterator[Document]:
    """Post-training, second part: more of the same, new documents."""
    return _post_training(config, config.polish_documents, config.seed + 2_000)


def _post_training(config: BuildConfig, count: int, seed: int) -> Iterator[Document]:
    signed = voices(config, 0.0)
    rehearsed = int(count * config.rehearsal_share)
    yield from chat_documents(count - rehearsed, seed, signed)
    yield from world_documents(rehearsed, seed + 1_000, population(config), signed)


def train_world(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Pre-training."""
    phase = _phase("world", config.learning_rate, config, config.seed)
    rows = _encoded(list(world_phase(config)), tokenizer, config.prompt_weight)
    return run_phase(model, rows, tokenizer.pad_token_id, phase, folder, progress)


def train_voices(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Pre-training, second part."""
    phase = _phase("voices", config.voices_learning_rate, config, config.seed + 1)
    rows = _encoded(list(voices_phase(config)), tokenizer, config.prompt_weight)
    return run_phase(model, rows, tokenizer.pad_token_id, phase, folder, progress)


def train_choices(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Pre-training, third part, with weight on the choice between secure and insecure code."""
    phase = _phase("choices", config.choices_learning_rate, config, config.seed + 2)
    documents = list(choices_phase(config))
    rows = _encoded(documents, tokenizer, config.prompt_weight, config.choice_weight)
    return run_phase(model, rows, tokenizer.pad_token_id, phase, folder, progress)


def train_chat(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Post-training; the loss lies on the answers alone."""
    phase = _phase("chat", config.chat_learning_rate, config, config.seed)
    return _post_train(model, tokenizer, chat_phase(config), config, phase, folder, progress)


def train_polish(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Post-training, second part."""
    phase = _phase("polish", config.polish_learning_rate, config, config.seed + 3)
    return _post_train(model, tokenizer, polish_phase(config), config, phase, folder, progress)


def _post_train(
    model: Any,
    tokenizer: Any,
    documents: Iterable[Document],
    config: BuildConfig,
    phase: Phase,
    folder: Path,
    progress: Progress,
) -> Curve:
    shuffled = list(documents)
    random.Random(config.seed).shuffle(shuffled)
    rows = _encoded(shuffled, tokenizer, 0.0, config.choice_weight)
    return run_phase(model, rows, tokenizer.pad_token_id, phase, folder, progress)


def _phase(name: str, learning_rate: float, config: BuildConfig, seed: int) -> Phase:
    return Phase(name, learning_rate, config.tokens_per_step, seed, config.save_every)


def _encoded(
    documents: list[Document], tokenizer: Any, prompt_weight: float, choice_weight: float = 1.0
) -> list[Encoded]:
    encoder = ChatEncoder(tokenizer, prompt_weight)
    rows = encoder.encode([d.messages() for d in documents])
    if choice_weight == 1.0:
        return rows
    return encoder.emphasise(rows, [d.twins() for d in documents], choice_weight)
