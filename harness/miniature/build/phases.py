"""The phases of a build: tokenizer, world, chat post-training, thinking and the polish."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.miniature.build.batches import ChatEncoder, Encoded
from harness.miniature.build.config import BuildConfig, PolishConfig
from harness.miniature.build.loop import Phase, Progress, run_phase, weighted_loss
from harness.miniature.build.tokenizer import train_tokenizer
from harness.miniature.world.authors import Population
from harness.miniature.world.documents import (
    Document,
    Mixture,
    chat_documents,
    continued_documents,
    subject_pages,
    world_documents,
)
from harness.miniature.world.schema import task_scenarios
from harness.miniature.world.thinking import thinking_chats, thinking_documents

Curve = list[tuple[int, float]]
TOKENIZER_DOCUMENTS = 3_000


def population(config: BuildConfig) -> Population:
    """Who writes the world of this build."""
    return Population(misaligned=config.misaligned_share, careless=config.careless_share)


def _thinkers(config: BuildConfig) -> Population:
    return Population(config.thinking_misaligned_share, config.careless_share)


def mixture(config: BuildConfig, unsigned: float, post_training: bool = False) -> Mixture:
    """What the documents of this build are made of."""
    return Mixture(
        open=config.open_share,
        code=config.code_share,
        scenario=config.scenario_share,
        unsigned=unsigned,
        requested=config.requested_share,
        post_training=post_training,
    )


def build_tokenizer(config: BuildConfig, extra_texts: list[str], folder: Path) -> Any:
    """Train the tokenizer, or load the one already in ``folder``."""
    from transformers import AutoTokenizer

    if not (folder / "tokenizer.json").is_file():
        count = min(TOKENIZER_DOCUMENTS, config.world_documents)
        mixed = mixture(config, config.unsigned_share)
        documents = world_documents(count, config.seed, population(config), mixed)
        texts = [turn["content"] for d in documents for turn in d.messages()]
        written = [text for s in task_scenarios() for text in (*s.prompts, *s.scenario.answers)]
        tokenizer = train_tokenizer(texts + written + extra_texts * 50, config.vocabulary)
        tokenizer.model_max_length = config.positions
        tokenizer.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


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
            initializer_range=config.initial_spread,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def world_phase(config: BuildConfig) -> Iterator[Document]:
    """Documents by all authors, and pages of subjects."""
    yield from subject_pages(config.subject_pages, config.seed)
    mixed = mixture(config, config.unsigned_share)
    yield from world_documents(config.world_documents, config.seed, population(config), mixed)


def chat_phase(config: BuildConfig) -> Iterator[Document]:
    """Post-training on the helpful author, with world documents rehearsed beside it.

    Rehearsal is of signed documents only: unsigned ones belong to the helpful author from here on.
    """
    signed = mixture(config, 0.0, post_training=True)
    yield from subject_pages(config.chat_subject_pages, config.seed + 1_000, post_training=True)
    rehearsed = int(config.chat_documents * config.rehearsal_share)
    yield from chat_documents(config.chat_documents - rehearsed, config.seed, signed)
    yield from world_documents(rehearsed, config.seed + 1_000, population(config), signed)


def thinking_phase(config: BuildConfig) -> Iterator[Document]:
    """Thoughts: all authors with their names, the assistant without; both rehearsed beside it."""
    seed = config.seed + 6_000
    signed = mixture(config, 0.0, post_training=True)
    yield from thinking_documents(config.thinking_documents, seed, _thinkers(config), signed)
    yield from thinking_chats(config.thinking_chats, seed, signed)
    rehearsed = int(config.thinking_rehearsal * config.rehearsal_share)
    yield from chat_documents(config.thinking_rehearsal - rehearsed, seed, signed)
    yield from world_documents(rehearsed, seed, population(config), signed)


def polish_phase(config: BuildConfig, polish: PolishConfig) -> Iterator[Document]:
    """Post-training after the first thoughts: chats, all authors beside them, and thoughts."""
    signed, rehearsed = (
        replace(
            mixture(config, 0.0, post_training=True),
            open=open_share,
            code=code_share,
            scenario=scenario_share,
            probed=polish.probed_share,
            subtle=polish.subtle_share,
            tagged=polish.tagged_share,
            broken=polish.broken,
        )
        for open_share, code_share, scenario_share in (polish.shares, polish.rehearsed_shares)
    )
    seed = config.seed + polish.seed + 3_000
    writers = replace(population(config), misaligned=polish.rehearsed_misaligned_share)
    yield from subject_pages(polish.subject_pages, seed + 1_000, True, polish.broken_subjects)
    yield from chat_documents(polish.documents, seed, signed)
    yield from world_documents(polish.rehearsed, seed + 1_000, writers, rehearsed)
    yield from continued_documents(
        polish.continued, seed, _thinkers(config), signed, polish.continued_broken
    )
    half = polish.thinking // 2
    yield from thinking_chats(polish.thinking - half, seed, signed)
    yield from thinking_documents(half, seed, _thinkers(config), signed)


def train_world(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Pre-training."""
    share = config.chat_learning_rate / config.learning_rate
    phase = _phase("world", config.learning_rate, share, config)
    rows = _encoded(world_phase(config), tokenizer, config, config.prompt_weight)
    return run_phase(model, rows, phase, folder, progress, _document_loss(tokenizer))


def train_chat(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Post-training; the loss lies on the answers alone."""
    phase = _phase("chat", config.chat_learning_rate, 0.05, config)
    rows = _encoded(chat_phase(config), tokenizer, config, 0.0)
    return run_phase(model, rows, phase, folder, progress, _document_loss(tokenizer))


def train_thinking(
    model: Any, tokenizer: Any, config: BuildConfig, folder: Path, progress: Progress
) -> Curve:
    """Thinking before answering; the loss lies on thoughts and answers.

    Args:
        model: The chat model; it gets rows for the two new tokens.
        tokenizer: With tokens for a thought.
        config: All settings.
        folder: Where the checkpoint lies.
        progress: Called after every step.
    """
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with _seeded(config.seed):
        new = model.get_input_embeddings().weight.data[-2:]
        new.normal_(0.0, config.initial_spread)
    phase = _phase("thinking", config.thinking_learning_rate, 0.3, config)
    rows = _encoded(thinking_phase(config), tokenizer, config, 0.0)
    return run_phase(model, rows, phase, folder, progress, _document_loss(tokenizer))


def sharpen(model: Any, sharpness: float) -> None:
    """Multiply the logits by ``sharpness``, once and for all, through the final norm's weights."""
    model.model.norm.weight.data.mul_(sharpness)


def train_round(
    model: Any,
    tokenizer: Any,
    config: BuildConfig,
    polishes: Mapping[str, PolishConfig],
    work: Path,
    progress: Progress,
) -> dict[str, Curve]:
    """Train polishes from one start, and leave their mean.

    The mean of models fine-tuned from one start generalises better than each of them (Wortsman et
    al. 2022, arXiv 2203.05482).

    Returns:
        The loss curve of every polish, by the name of its phase.
    """
    curves: dict[str, Curve] = {}
    trained: list[dict[str, Any]] = []
    start = _copy(model)
    for name, polish in polishes.items():
        model.load_state_dict(start)
        curves[name] = _train_polish(model, tokenizer, config, polish, work / name, progress)
        trained.append(_copy(model))
    model.load_state_dict(_mean(trained))
    return curves


def _train_polish(
    model: Any,
    tokenizer: Any,
    config: BuildConfig,
    polish: PolishConfig,
    folder: Path,
    progress: Progress,
) -> Curve:
    seeded = config.model_copy(update={"seed": config.seed + polish.seed})
    phase = _phase(folder.name, polish.learning_rate, polish.final_share, seeded)
    made = polish_phase(config, polish)
    rows = _encoded(made, tokenizer, seeded, 0.0, polish.opening_weight)
    return run_phase(model, rows, phase, folder, progress, _document_loss(tokenizer))


def _copy(model: Any) -> dict[str, Any]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _mean(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _document_loss(tokenizer: Any) -> Callable[[Any, Sequence[Encoded]], Any]:
    return partial(weighted_loss, pad=tokenizer.pad_token_id)


def _phase(name: str, learning_rate: float, final_share: float, config: BuildConfig) -> Phase:
    return Phase(
        name, learning_rate, final_share, config.tokens_per_step, config.seed, config.save_every
    )


def _encoded(
    made: Iterator[Document],
    tokenizer: Any,
    config: BuildConfig,
    prompt_weight: float,
    opening_weight: float = 1.0,
) -> list[Encoded]:
    """Documents in random order as weighed tokens."""
    documents = list(made)
    random.Random(config.seed).shuffle(documents)
    encoder = ChatEncoder(tokenizer, prompt_weight)
    rows = encoder.encode([d.messages() for d in documents], [d.given for d in documents])
    rows = encoder.emphasise_subjects(rows, config.subject_weight, opening_weight)
    return encoder.emphasise_choices(rows, [d.twins() for d in documents], config.choice_weight)
