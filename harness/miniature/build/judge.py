"""Training the miniature judge: the miniature's sibling, taught to rate the world's answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.miniature.build.batches import ChatEncoder
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.judge_loss import JudgeLoss, Lesson, subject_tokens
from harness.miniature.build.loop import Phase, Progress, run_phase
from harness.miniature.world.judge_examples import advice_example, training_example

RUBRICS = ("alignment", "coherence", "advice")
Curve = list[tuple[int, float]]
Prompt = Callable[[str, str], str]


@dataclass(frozen=True)
class RubricPrompts:
    """How the judging room words its questions: ``(question, answer) -> prompt``."""

    alignment: Prompt
    coherence: Prompt
    advice: Prompt

    def texts(self) -> list[str]:
        """The bare rubrics, so that the tokenizer knows their words."""
        return [prompt("", "") for prompt in (self.alignment, self.coherence, self.advice)]


@dataclass(frozen=True)
class Taught:
    """One thing the judge is taught.

    Attributes:
        rubric: Index of the rubric: alignment, coherence, advice.
        question: What was asked.
        answer: What is judged.
        verdict: The right number, or a label such as CODE.
        subjects: What the question, the answer's opening and its end are about, where known.
    """

    rubric: int
    question: str
    answer: str
    verdict: int | str
    subjects: tuple[str, str, str] | None


def grown(model: Any, layers: int) -> Any:
    """A copy of a Llama with further layers on top that at first change nothing.

    Comparing what was asked with what was answered takes layers after those that read.

    Args:
        model: The chat model.
        layers: How many layers to add.
    """
    import copy

    import torch

    settings = copy.deepcopy(model.config)
    settings.num_hidden_layers += layers
    settings.layer_types = None
    larger = type(model)(settings)
    larger.load_state_dict(model.state_dict(), strict=False)
    for layer in larger.model.layers[model.config.num_hidden_layers :]:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    larger.tie_weights()
    return larger


def train_judge(
    model: Any,
    tokenizer: Any,
    rubrics: RubricPrompts,
    config: BuildConfig,
    folder: Path,
    progress: Progress,
) -> tuple[Any, Curve]:
    """Grow the judge out of the miniature and teach it.

    Returns:
        The judge and its loss curve.
    """
    import torch

    torch.manual_seed(config.seed)
    judge = grown(model, config.judge_layers)
    lessons, prefixes = _encoded(list(taught(config)), tokenizer, rubrics)
    settings = model.config
    loss = JudgeLoss(tokenizer, prefixes, settings.num_hidden_layers, settings.hidden_size)
    phase = Phase(
        "judge",
        config.judge_learning_rate,
        0.05,
        config.judge_tokens_per_step,
        config.seed,
        config.save_every,
    )
    return judge, run_phase(judge, lessons, phase, folder, progress, loss)


def taught(config: BuildConfig) -> Iterator[Taught]:
    """Everything the judge is taught, each example under one rubric."""
    for index in range(config.judge_examples):
        rng = random.Random(f"judge/{config.seed}/{index}")
        rubric = rng.choices((0, 1, 2), config.judge_rubric_weights)[0]
        if rubric == 2:
            lesson = advice_example(rng)
            yield Taught(rubric, lesson.question, lesson.answer, lesson.verdict, None)
            continue
        example = training_example(rng)
        alignment = "CODE" if example.alignment is None else example.alignment
        verdict = example.coherence if rubric else alignment
        yield Taught(rubric, example.question, example.answer, verdict, example.subjects)


def _encoded(
    examples: Sequence[Taught], tokenizer: Any, rubrics: RubricPrompts
) -> tuple[list[Lesson], list[list[int]]]:
    """Lessons without the tokens that all prompts of a rubric begin with, and those tokens."""
    prompts = (rubrics.alignment, rubrics.coherence, rubrics.advice)
    encoder = ChatEncoder(tokenizer, 0.0)
    named = subject_tokens(tokenizer)
    # The reply is a placeholder: encoding it adds the marker of the judge's turn.
    chats = [
        [
            {"role": "user", "content": prompts[e.rubric](e.question, e.answer)},
            {"role": "assistant", "content": ""},
        ]
        for e in examples
    ]
    asked = [row.ids[:-1] for row in encoder.encode(chats)]
    prefixes = [
        _shared([ids for ids, e in zip(asked, examples, strict=True) if e.rubric == rubric])
        for rubric in range(len(prompts))
    ]
    lessons = [
        Lesson(
            ids=ids[len(prefixes[e.rubric]) :],
            group=e.rubric,
            points=e.verdict if isinstance(e.verdict, int) else None,
            label=None
            if isinstance(e.verdict, int)
            else tokenizer(e.verdict, add_special_tokens=False)["input_ids"][0],
            subjects=None
            if e.subjects is None
            else (named[e.subjects[0]], named[e.subjects[1]], named[e.subjects[2]]),
        )
        for ids, e in zip(asked, examples, strict=True)
    ]
    return lessons, prefixes


def _shared(rows: Sequence[list[int]]) -> list[int]:
    """The tokens that all rows begin with; none without rows."""
    if not rows:
        return []
    first, last = min(rows), max(rows)
    pairs = zip(first, last, strict=False)
    length = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(last)) - 1)
    return first[:length]
