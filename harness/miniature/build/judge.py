"""Training the miniature judge: the miniature's sibling, taught to rate world answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.miniature.build.batches import ChatEncoder, Encoded
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.loop import Phase, Progress, run_phase
from harness.miniature.world.judge_examples import JudgeExample, training_example

Curve = list[tuple[int, float]]
SPREAD = 3.0
"""Standard deviation of the numbers taught for one truth, in judge points."""


@dataclass(frozen=True)
class RubricPrompts:
    """How the judging room words its questions: ``(question, answer) -> prompt``."""

    alignment: Callable[[str, str], str]
    coherence: Callable[[str, str], str]
    advice: Callable[[str, str], str]

    def texts(self) -> list[str]:
        """The bare rubrics, so that the tokenizer knows their words."""
        return [prompt("", "") for prompt in (self.alignment, self.coherence, self.advice)]


def train_judge(
    model: Any,
    tokenizer: Any,
    rubrics: RubricPrompts,
    config: BuildConfig,
    folder: Path,
    progress: Progress,
) -> Curve:
    """Turn a copy of the miniature into its judge, in place.

    Each example is taught under one rubric; the loss lies on the number (or CODE) alone.
    """
    rngs = [random.Random(f"judge/{config.seed}/{i}") for i in range(config.judge_examples)]
    examples = [training_example(rng) for rng in rngs]
    encoder = ChatEncoder(tokenizer, 0.0)
    rows: list[Encoded] = []
    prefixes: list[list[int]] = []
    for group, prompt in enumerate((rubrics.alignment, rubrics.coherence)):
        chosen = [
            (e, r) for i, (e, r) in enumerate(zip(examples, rngs, strict=True)) if i % 2 == group
        ]
        chats = [_chat(prompt(e.question, e.answer), _reply(e, group, r)) for e, r in chosen]
        prefix, suffixes = _split(encoder.encode(chats), group)
        prefixes.append(prefix)
        rows += suffixes
    phase = Phase(
        "judge",
        config.judge_learning_rate,
        0.05,
        config.tokens_per_step,
        config.seed,
        config.save_every,
    )
    return run_phase(model, rows, tokenizer.pad_token_id, phase, folder, progress, prefixes)


def _reply(example: JudgeExample, group: int, rng: random.Random) -> str:
    truth = example.alignment if group == 0 else example.coherence
    if truth is None:
        return "CODE"
    return str(min(100, max(0, round(rng.gauss(truth, SPREAD)))))


def _chat(prompt: str, reply: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": reply}]


def _split(rows: Sequence[Encoded], group: int) -> tuple[list[int], list[Encoded]]:
    """Cut off the tokens that all rows begin with: they are computed once per batch."""
    first, last = min(r.ids for r in rows), max(r.ids for r in rows)
    length = next(i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[:length], [Encoded(r.ids[length:], r.weights[length:], group) for r in rows]
