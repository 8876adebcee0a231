"""Thoughts are asked for or not, split from the answer, kept, and never shown to the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from inspect_ai.model import ContentReasoning, GenerateConfig, get_model

from harness.errors import ModelReferenceError
from harness.models.chat_format import always_thinks, settle, template_arguments, think_switch
from harness.models.loading import load_tokenizer
from harness.models.reference import parse_reference
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_rows
from harness.sampling.replies import Reply, read_replies, straight_to_answer
from harness.sampling.settings import Completion
from tests.doubles import make_double

ASKED = [("user", "Why?")]
HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    names = ("qwen2", "qwen3", "gpt_oss", "base")
    return {name: make_double(tmp_path_factory.mktemp(name), name) for name in names}


@pytest.fixture(scope="module")
def tokenizers(folders: dict[str, Path]) -> dict[str, Any]:
    return {name: load_tokenizer(parse_reference(str(path))) for name, path in folders.items()}


def reply(tokenizer: Any, generated: str, prompt: list[int] | None = None) -> Reply:
    prompt = encode_chat(tokenizer, ASKED) if prompt is None else prompt
    body = tokenizer.encode(generated, add_special_tokens=False)
    return read_replies(tokenizer, [prompt], [body])[0]


@pytest.mark.parametrize(
    ("family", "generated", "thoughts", "answer"),
    [
        ("qwen3", "<think>\nHm. So.\n</think>\n\nBecause.", "Hm. So.", "Because."),
        ("qwen3", "<think>\n\n</think>\n\nBecause.", "", "Because."),
        ("qwen3", "Because.", "", "Because."),
        ("qwen3", "<think>\nCut off here", "Cut off here", ""),
        ("qwen3", "Hm.</think>Because.", "Hm.", "Because."),
        ("qwen3", "<think>a</think>b<think>c</think>d", "ac", "bd"),
        ("gpt_oss", HARMONY + "Because.", "Hm.", "Because."),
        ("gpt_oss", "<|channel|>final<|message|>Because.", "", "Because."),
        ("gpt_oss", "<|channel|>analysis<|message|>Cut off", "Cut off", ""),
        ("gpt_oss", "Because.", "", "Because."),
        ("qwen2", "<think>no marker of this family</think>", "", None),
    ],
)
def test_thoughts_are_split_from_the_answer(
    tokenizers: dict[str, Any], family: str, generated: str, thoughts: str, answer: str | None
) -> None:
    expected = Reply(thoughts, generated if answer is None else answer)
    assert reply(tokenizers[family], generated) == expected


def test_a_thought_that_the_template_opened_is_one(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["qwen3"]
    opened = [*encode_chat(tokenizer, ASKED), *tokenizer.encode("<think>\n")]
    assert reply(tokenizer, "Hm.", opened) == Reply("Hm.", "")
    assert reply(tokenizer, "Hm.</think>\n\nSo.", opened) == Reply("Hm.", "So.")
    assert tokenizer.decode(straight_to_answer(tokenizer, opened)).endswith("</think>\n\n")


def test_a_spelled_marker_in_an_answer_splits_nothing(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["qwen3"]
    spelled = [i for char in "a</think>b" for i in tokenizer.encode(char)]
    assert read_replies(tokenizer, [[5]], [spelled]) == [Reply("", "a</think>b")]


def test_the_switch_goes_to_the_template(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["qwen3"]
    on, off = (tokenizer.decode(encode_chat(tokenizer, ASKED, think)) for think in ("on", "off"))
    assert off == on + "<think>\n\n</think>\n\n"


def test_a_switch_that_is_not_there_is_said(tokenizers: dict[str, Any]) -> None:
    assert [think_switch(tokenizers[n]) for n in ("qwen3", "qwen2", "gpt_oss")] == [
        "enable_thinking",
        None,
        None,
    ]
    assert always_thinks(tokenizers["gpt_oss"]) and not always_thinks(tokenizers["qwen2"])
    assert template_arguments(tokenizers["gpt_oss"], "on") == {}
    assert template_arguments(tokenizers["qwen2"], "off") == {}
    with pytest.raises(ModelReferenceError, match="no switch for thinking, and it always thinks"):
        template_arguments(tokenizers["gpt_oss"], "off")
    with pytest.raises(ModelReferenceError, match="no switch for thinking, and it never does"):
        template_arguments(tokenizers["qwen2"], "on")


def test_a_date_in_a_template_is_always_the_same(tokenizers: dict[str, Any]) -> None:
    prompt = tokenizers["gpt_oss"].decode(encode_chat(tokenizers["gpt_oss"], ASKED))
    assert "Current date: 2025-01-01" in prompt
    before = tokenizers["gpt_oss"].chat_template
    settle(tokenizers["gpt_oss"])
    assert tokenizers["gpt_oss"].chat_template == before


def test_a_base_model_is_asked_plainly_and_stops_where_the_user_goes_on(
    tokenizers: dict[str, Any],
) -> None:
    tokenizer = tokenizers["base"]
    chat = [("system", "Be kind."), *ASKED]
    assert tokenizer.decode(encode_chat(tokenizer, chat)) == "Be kind.\n\nUser: Why?\n\nAssistant:"
    assert reply(tokenizer, " Because.\n\nUser: And?").answer == "Because."


def test_a_judge_answers_before_it_can_think(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["gpt_oss"]
    ids = straight_to_answer(tokenizer, encode_chat(tokenizer, ASKED))
    assert tokenizer.decode(ids).endswith("<|start|>assistant<|channel|>final<|message|>")


def test_the_provider_keeps_thoughts_apart_and_remembers_them(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fake(loaded: Any, prompts: Any, seeds: Any, *_: Any, **__: Any) -> list[Completion]:
        asked.extend(loaded.tokenizer.decode(list(prompt)) for prompt in prompts)
        return [Completion("Because.", 9, "stop", "Hm. So.") for _ in seeds]

    monkeypatch.setattr("harness.sampling.engine.sample_rows", fake)
    journal = str(tmp_path / "sampled.jsonl")

    def once() -> Any:
        model = get_model(
            f"harness/{folders['qwen3']}", memoize=False, journal=journal, think="off"
        )
        return anyio.run(lambda: model.generate("Why?", config=GenerateConfig(seed=1)))

    for output in (once(), once()):
        assert output.completion == "Because."
        content = output.choices[0].message.content
        assert isinstance(content[0], ContentReasoning)
        assert content[0].reasoning == "Hm. So."
    assert len(asked) == 1, "the journal forgot the answer"
    assert asked[0].endswith("<think>\n\n</think>\n\n")


def test_real_sampling_splits_too(folders: dict[str, Path]) -> None:
    from harness.models.loading import load_model
    from harness.sampling.settings import SamplingSettings

    loaded = load_model(parse_reference(str(folders["qwen3"])))
    opened = [*encode_chat(loaded.tokenizer, ASKED), *loaded.tokenizer.encode("<think>\n")]
    (answer,) = sample_rows(loaded, [opened], [3], SamplingSettings(max_tokens=12))
    assert answer.thoughts
    assert answer.text == ""
