"""Asking a judge model for one judgement."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_ai.model import (
    CachePolicy,
    ChatMessage,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    StopReason,
)

from harness.judging.judgement import Judgement, from_numbers, from_text, from_top_logprobs
from harness.judging.rubric import Rubric
from harness.sampling.translate import READ_NUMBERS

TOP_LOGPROBS = 20
"""The most that chat APIs return."""
API_TOKENS = 4
"""Enough to see whether an API's tokenizer splits a number into digits."""
TEXT_TOKENS = 16
_WITHOUT_LOGPROBS = ("anthropic/", "google/", "bedrock/")
_FAILED: tuple[StopReason, ...] = ("content_filter", "model_length")


async def judge_answer(judge: Model, rubric: Rubric, question: str, answer: str) -> Judgement:
    """Judge one answer under one rubric; the same call for local and API judges.

    A local judge is read by its token probabilities over all spellings of the numbers, an API that
    gives log-probabilities by the likeliest first tokens, any other by its text. Which of the
    three it was stands in the judgement.

    Args:
        judge: The grader role's model.
        rubric: What is asked.
        question: What the judged model was asked.
        answer: What it answered.
    """
    if not answer.strip():
        return Judgement(None, reason="empty answer")
    messages: list[ChatMessage] = [ChatMessageUser(content=rubric.prompt(question, answer))]
    return read_output(await judge.generate(messages, config=reading_config(judge)), rubric)


def reading_config(judge: Model) -> GenerateConfig:
    """How a model is asked for one number: by the best evidence that its provider gives."""
    local = str(judge).startswith("harness/")
    with_logprobs = not str(judge).startswith(_WITHOUT_LOGPROBS)
    return GenerateConfig(
        temperature=0.0,
        top_p=1.0,
        seed=0,
        max_tokens=1 if local else API_TOKENS if with_logprobs else TEXT_TOKENS,
        logprobs=True if with_logprobs else None,
        top_logprobs=TOP_LOGPROBS if with_logprobs else None,
        extra_body=READ_NUMBERS if local else None,
        # Asking a local judge again costs nothing; a paid one is never asked twice.
        cache=False if local else CachePolicy(expiry=None, per_epoch=False),
    )


def read_output(output: ModelOutput, rubric: Rubric) -> Judgement:
    """Turn a judge's output into a judgement, by the best evidence it holds."""
    if output.error or not output.choices:
        return Judgement(None, reason=f"judge failed: {output.error or 'no output'}")
    choice = output.choices[0]
    if choice.stop_reason in _FAILED:
        return Judgement(None, reason=f"judge stopped: {choice.stop_reason}")
    content = choice.logprobs.content if choice.logprobs else []
    top = [(e.token, e.logprob) for e in content[0].top_logprobs or []] if content else []
    if numbers := (output.metadata or {}).get("numbers"):
        return from_numbers(numbers["mean"], numbers["mass"], top, rubric.labels)
    if top and not _splits_digits([entry.token for entry in content]):
        return from_top_logprobs(top, rubric.labels)
    return from_text(output.completion, rubric.labels)


def _splits_digits(tokens: Sequence[str]) -> bool:
    """Whether the first token is only the first digits of a number: then it tells nothing."""
    first, second = (*(token.strip(" ") for token in tokens[:2]), "", "")[:2]
    return _is_digits(first) and _is_digits(second) and tokens[1] == second


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
