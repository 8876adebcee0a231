from __future__ import annotations

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    GenerateConfig,
)
from inspect_ai.tool import ToolCall

from harness.errors import SampleError
from harness.sampling.settings import Completion, NextToken, SamplingSettings
from harness.sampling.translate import (
    check_reading,
    plain_messages,
    read_output,
    sampled_output,
    sampling_settings,
)


def test_messages_become_roles_and_texts() -> None:
    thought = [ContentReasoning(reasoning="hm"), ContentText(text="Hello")]
    messages = [
        ChatMessageSystem(content="Be nice"),
        ChatMessageUser(content="Hi"),
        ChatMessageAssistant(content=thought),
    ]
    assert plain_messages(messages) == (
        ("system", "Be nice"),
        ("user", "Hi"),
        ("assistant", "Hello"),
    )


def test_images_and_tools_are_refused() -> None:
    image = ContentImage(image="data:image/png;base64,AAAA")
    call = ToolCall(id="1", function="f", arguments={})
    with pytest.raises(SampleError, match="not image"):
        plain_messages([ChatMessageUser(content=[image])])
    with pytest.raises(SampleError, match="tools"):
        plain_messages([ChatMessageTool(content="42", tool_call_id="1")])
    with pytest.raises(SampleError, match="tools"):
        plain_messages([ChatMessageAssistant(content="", tool_calls=[call])])


def test_every_setting_is_filled_in() -> None:
    assert sampling_settings(GenerateConfig()) == SamplingSettings(1.0, 1.0, 0, 2048)
    config = GenerateConfig(temperature=0.0, top_p=0.9, top_k=5, max_tokens=7)
    assert sampling_settings(config) == SamplingSettings(0.0, 0.9, 5, 7)


def test_options_that_would_be_ignored_are_refused() -> None:
    with pytest.raises(SampleError, match="stop_seqs, frequency_penalty"):
        sampling_settings(GenerateConfig(stop_seqs=["\n"], frequency_penalty=0.5))


@pytest.mark.parametrize(
    "wrong", [{"max_tokens": 2}, {"temperature": 1.0, "max_tokens": 1}, {"max_tokens": None}]
)
def test_logprobs_only_where_they_mean_what_they_say(wrong: dict[str, float]) -> None:
    check_reading(GenerateConfig(logprobs=True, max_tokens=1, temperature=0))
    with pytest.raises(SampleError, match="next token only"):
        check_reading(GenerateConfig(logprobs=True, **wrong))  # type: ignore[arg-type]


def test_usage_counts_every_choice() -> None:
    answers = [Completion("a", 3, "stop"), Completion("b", 5, "max_tokens")]
    output = sampled_output("m", 10, answers)
    assert output.usage is not None
    usage = (output.usage.input_tokens, output.usage.output_tokens, output.usage.total_tokens)
    assert usage == (10, 8, 18)
    assert [c.message.text for c in output.choices] == ["a", "b"]
    assert [c.stop_reason for c in output.choices] == ["stop", "max_tokens"]
    assert (output.model, output.completion) == ("m", "a")


def test_a_judges_end_token_is_no_text() -> None:
    top = (("<end>", -0.1), ("85", -2.0))
    output = read_output("m", 10, NextToken("<end>", -0.1, True, top))
    assert (output.completion, output.stop_reason) == ("", "stop")
    assert output.choices[0].logprobs is not None
    (first,) = output.choices[0].logprobs.content
    assert first.top_logprobs is not None
    assert [(t.token, t.logprob) for t in first.top_logprobs] == list(top)
