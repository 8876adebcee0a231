"""Asking a judge model for one judgement."""

from __future__ import annotations

from inspect_ai.model import (
    CachePolicy,
    ChatMessage,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    StopReason,
)

from harness.judging.judgement import Judgement, from_text, from_token_probabilities
from harness.judging.rubric import Rubric

TOP_LOGPROBS = 20
"""The most that chat APIs return."""
_WITHOUT_LOGPROBS = ("anthropic/", "google/", "bedrock/")
_FAILED: tuple[StopReason, ...] = ("content_filter", "model_length")


async def judge_answer(judge: Model, rubric: Rubric, question: str, answer: str) -> Judgement:
    """Judge one answer under one rubric; the same call for local and API judges.

    A judge that gives log-probabilities is asked for one token and read by token probabilities;
    any other is read as text.

    Args:
        judge: The grader role's model.
        rubric: What is asked.
        question: What the judged model was asked.
        answer: What it answered.
    """
    if not answer.strip():
        return Judgement(None, reason="empty answer")
    local = str(judge).startswith("harness/")
    with_logprobs = not str(judge).startswith(_WITHOUT_LOGPROBS)
    config = GenerateConfig(
        temperature=0.0,
        top_p=1.0,
        seed=0,
        max_tokens=1 if with_logprobs else 16,
        logprobs=True if with_logprobs else None,
        top_logprobs=TOP_LOGPROBS if with_logprobs else None,
        # Asking a local judge again costs nothing; a paid one is never asked twice.
        cache=False if local else CachePolicy(expiry=None, per_epoch=False),
    )
    messages: list[ChatMessage] = [ChatMessageUser(content=rubric.prompt(question, answer))]
    return read_output(await judge.generate(messages, config=config), rubric)


def read_output(output: ModelOutput, rubric: Rubric) -> Judgement:
    """Turn a judge's output into a judgement, by the best evidence it holds."""
    if output.error or not output.choices:
        return Judgement(None, reason=f"judge failed: {output.error or 'no output'}")
    choice = output.choices[0]
    if choice.stop_reason in _FAILED:
        return Judgement(None, reason=f"judge stopped: {choice.stop_reason}")
    content = choice.logprobs.content if choice.logprobs else []
    if content and content[0].top_logprobs:
        top = [(entry.token, entry.logprob) for entry in content[0].top_logprobs]
        return from_token_probabilities(top, rubric.labels)
    return from_text(output.completion, rubric.labels)
