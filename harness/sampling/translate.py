"""Inspect's request and response types to ours and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelOutput,
    ModelUsage,
    TopLogprob,
)

from harness.errors import SampleError
from harness.sampling.encoding import Message
from harness.sampling.settings import Completion, NextToken, SamplingSettings

DEFAULT_MAX_TOKENS = 2048
_UNSUPPORTED = (
    "stop_seqs",
    "best_of",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "prompt_logprobs",
    "response_schema",
    "modalities",
    "extra_body",
)


def plain_messages(messages: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """Roles and texts.

    Raises:
        SampleError: A message is not text, or comes from a tool.
    """
    return tuple((message.role, _text(message)) for message in messages)


def _text(message: ChatMessage) -> str:
    if message.role == "tool" or (message.role == "assistant" and message.tool_calls):
        raise SampleError("The harness provider does not support tools.")
    if isinstance(message.content, str):
        return message.content
    kinds = {c.type for c in message.content if not isinstance(c, ContentText | ContentReasoning)}
    if kinds:
        raise SampleError(f"The harness provider takes text only, not {', '.join(sorted(kinds))}.")
    return message.text


def sampling_settings(config: GenerateConfig) -> SamplingSettings:
    """The settings of a request, with every field set.

    Raises:
        SampleError: The request asks for something the engine cannot do.
    """
    refuse_unsupported(config)
    return SamplingSettings(
        temperature=1.0 if config.temperature is None else config.temperature,
        top_p=1.0 if config.top_p is None else config.top_p,
        top_k=max(config.top_k or 0, 0),
        max_tokens=config.max_tokens or DEFAULT_MAX_TOKENS,
    )


def refuse_unsupported(config: GenerateConfig) -> None:
    """Fail rather than ignore an option that would change the answers.

    Raises:
        SampleError: Such an option is set.
    """
    if names := [name for name in _UNSUPPORTED if getattr(config, name)]:
        raise SampleError(f"The harness provider does not support {', '.join(names)}.")


READ_NUMBERS = {"read_numbers": True}
"""Put into ``extra_body`` of a request for log probabilities, asks for the numbers from 0 to 100
over all their spellings; they come back in the output's metadata."""


def check_reading(config: GenerateConfig) -> bool:
    """Accept a request for log probabilities only where they would be what they seem.

    Returns:
        Whether the numbers are asked for as well.

    Raises:
        SampleError: More than one token, or a sampled one, is asked for.
    """
    numbers = config.extra_body == READ_NUMBERS
    refuse_unsupported(config.model_copy(update={"extra_body": None}) if numbers else config)
    if config.max_tokens != 1 or config.temperature or (config.num_choices or 1) > 1:
        raise SampleError(
            "Log probabilities are read from the next token only.",
            hint="Ask with logprobs=True, max_tokens=1 and temperature=0.",
        )
    return numbers


def sampled_output(model: str, prompt_tokens: int, answers: Sequence[Completion]) -> ModelOutput:
    """The answers to one request, one choice each."""
    choices = [
        ChatCompletionChoice(message=_message(model, a.text, a.thoughts), stop_reason=a.stop_reason)
        for a in answers
    ]
    return _output(model, choices, prompt_tokens, sum(a.tokens for a in answers))


def read_output(model: str, prompt_tokens: int, answer: NextToken) -> ModelOutput:
    """A judge's answer: the likeliest token, and the log probabilities of the likeliest ones."""
    top = [TopLogprob(token=token, logprob=logprob) for token, logprob in answer.top]
    content = [Logprob(token=answer.token, logprob=answer.logprob, top_logprobs=top or None)]
    choice = ChatCompletionChoice(
        message=_message(model, "" if answer.ends else answer.token),
        stop_reason="stop" if answer.ends else "max_tokens",
        logprobs=Logprobs(content=content),
    )
    output = _output(model, [choice], prompt_tokens, 1)
    if answer.numbers is not None:
        output.metadata = {"numbers": asdict(answer.numbers)}
    return output


def _message(model: str, text: str, thoughts: str = "") -> ChatMessageAssistant:
    content: str | list[Content] = text
    if thoughts:
        # Inspect's own form: the completion is the text alone, so that is what a judge sees.
        content = [ContentReasoning(reasoning=thoughts), ContentText(text=text)]
    return ChatMessageAssistant(content=content, model=model, source="generate")


def _output(
    model: str, choices: list[ChatCompletionChoice], prompt_tokens: int, tokens: int
) -> ModelOutput:
    usage = ModelUsage(
        input_tokens=prompt_tokens, output_tokens=tokens, total_tokens=prompt_tokens + tokens
    )
    return ModelOutput(model=model, choices=choices, usage=usage)
