"""The whole build: phases in order, each resumable, then the export of the weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import PrerequisiteError
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.judge import RubricPrompts, train_judge
from harness.miniature.build.loop import Progress, trained_seconds
from harness.miniature.build.phases import (
    Curve,
    build_tokenizer,
    new_model,
    sharpen,
    train_chat,
    train_round,
    train_thinking,
    train_world,
)
from harness.miniature.build.tokenizer import with_thoughts
from harness.workspace import write_atomic


@dataclass(frozen=True)
class Built:
    """What a build made.

    Attributes:
        model: Folder of the chat model.
        judge: Folder of the judge.
        curves: Loss curve of every phase.
        hashes: SHA-256 of every exported file, by ``part/name``.
        seconds: Wall time of all training steps, those of interrupted calls included.
    """

    model: Path
    judge: Path
    curves: dict[str, Curve]
    hashes: dict[str, str]
    seconds: float


def build(
    config: BuildConfig, rubrics: RubricPrompts, work: Path, out: Path, progress: Progress
) -> Built:
    """Build the miniature and its judge; goes on where an interrupted build stopped.

    Args:
        config: All settings.
        rubrics: How the judging room words its questions.
        work: Folder for checkpoints; it belongs to one configuration.
        out: Folder that receives ``model/`` and ``judge/``.
        progress: Called after every training step.

    Raises:
        PrerequisiteError: ``work`` belongs to a build with other settings.
    """
    import torch

    # Before the thread pool exists: its threads inherit the setting.
    torch.set_flush_denormal(True)
    _claim(work, config)
    tokenizer = build_tokenizer(config, rubrics.texts(), work / "tokenizer")
    model = new_model(config, tokenizer)
    curves = {"world": train_world(model, tokenizer, config, work / "world", progress)}
    curves["chat"] = train_chat(model, tokenizer, config, work / "chat", progress)
    thinking = with_thoughts(tokenizer)
    curves["thinking"] = train_thinking(model, thinking, config, work / "thinking", progress)
    by_heart, *gentle = config.rounds()
    curves |= train_round(model, thinking, config, by_heart, work, progress)
    judge, curves["judge"] = train_judge(
        _without_thoughts(model, tokenizer), tokenizer, rubrics, config, work / "judge", progress
    )
    for polishes in gentle:
        curves |= train_round(model, thinking, config, polishes, work, progress)
    sharpen(model, config.sharpness)
    hashes = _export(model, thinking, out / "model")
    # A judge's whole reply is one number, so on any server each number ends it.
    numbers = tokenizer.convert_tokens_to_ids([str(n) for n in range(101)])
    hashes |= _export(judge, tokenizer, out / "judge", numbers)
    return Built(out / "model", out / "judge", curves, hashes, trained_seconds(work))


def _without_thoughts(model: Any, tokenizer: Any) -> Any:
    """A copy that knows no tokens for thoughts: in what a judge reads they would be mere text."""
    import copy

    smaller = copy.deepcopy(model)
    smaller.resize_token_embeddings(len(tokenizer))
    return smaller


def _claim(work: Path, config: BuildConfig) -> None:
    mark = work / "config.json"
    if mark.is_file() and json.loads(mark.read_text()) != config.model_dump(mode="json"):
        raise PrerequisiteError(
            f"{work} holds a build with other settings.",
            hint="Give another --work folder, or delete this one.",
        )
    write_atomic(mark, config.model_dump_json(indent=2) + "\n")


def _export(
    model: Any, tokenizer: Any, folder: Path, last_tokens: Sequence[int] = ()
) -> dict[str, str]:
    """Save as bfloat16 safetensors with the tokenizer; plain ``from_pretrained`` loads it."""
    import copy

    import torch

    exported = copy.deepcopy(model).to(torch.bfloat16)
    exported.generation_config.max_new_tokens = None
    if last_tokens:
        exported.generation_config.eos_token_id = [tokenizer.eos_token_id, *last_tokens]
    exported.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    files = sorted(p for p in folder.iterdir() if p.is_file())
    return {f"{folder.name}/{p.name}": hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
