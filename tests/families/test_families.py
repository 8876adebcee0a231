"""Every model family goes the whole way: template, mask, adapter, sampling, stop."""

from __future__ import annotations

import json

import torch

from harness.models.chat_format import end_tokens, think_switch
from harness.models.loading import LoadedModel
from harness.sampling.draw import draw_tokens, row_uniforms
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_group, sample_rows
from harness.sampling.reading import next_token_top_logprobs
from harness.sampling.replies import read_replies
from harness.sampling.settings import SamplingSettings
from tests.families.conftest import ANSWER, QUESTION, Trained

TRAINED_TEXT = {
    "qwen2": f"{ANSWER}<|im_end|>\n",
    "qwen3": f"{ANSWER}<|im_end|>\n",
    "llama": f"{ANSWER}<|eot_id|>",
    "gemma": f"{ANSWER}<end_of_turn>\n",
    "gemma3": f"{ANSWER}<end_of_turn>\n",
    "mistral": f" {ANSWER}</s>",
    "phi3": f"{ANSWER}<|end|>\n<|endoftext|>",
    "gpt_oss": f"<|channel|>final<|message|>{ANSWER}<|return|>",
    "base": f" {ANSWER}<|endoftext|>",
}
BEGIN_TOKENS = {"llama": 1, "gemma": 1, "gemma3": 1, "mistral": 1}
ONE_ANSWER = SamplingSettings(temperature=0, max_tokens=24)


def prompt_of(trained: Trained, text: str = QUESTION) -> list[int]:
    """The prompt as training saw it: without a thought where that can be switched."""
    tokenizer = trained.base.tokenizer
    think = "off" if think_switch(tokenizer) else None
    return encode_chat(tokenizer, [("user", text)], think)


def test_the_answer_and_its_end_are_trained_and_nothing_else(trained: Trained) -> None:
    assert trained.result.record.audit.example == TRAINED_TEXT[trained.name]


def test_training_and_sampling_see_the_same_prompt_with_one_begin_token(trained: Trained) -> None:
    tokenizer, audit = trained.base.tokenizer, trained.result.record.audit
    prompt = prompt_of(trained)
    assert len(prompt) == audit.masked_tokens
    begin = tokenizer.bos_token_id
    assert prompt.count(begin) == BEGIN_TOKENS.get(trained.name, 0)
    assert QUESTION in tokenizer.decode(prompt)


def test_the_tuned_model_gives_its_answer_and_stops(trained: Trained) -> None:
    (answer,) = sample_group(trained.tuned, prompt_of(trained), [0], ONE_ANSWER)
    assert (answer.text.strip(), answer.thoughts, answer.stop_reason) == (ANSWER, "", "stop")
    (untrained,) = sample_group(trained.base, prompt_of(trained), [0], ONE_ANSWER)
    assert untrained.text.strip() != ANSWER


def test_the_end_of_a_turn_ends_an_answer(trained: Trained) -> None:
    tokenizer, model = trained.base.tokenizer, trained.base.model
    ends = {tokenizer.decode([token]) for token in end_tokens(tokenizer, model)}
    assert ends >= {trained.family.turn_end, trained.family.eos, *trained.family.generation_eos}
    assert "<|end|>" not in ends or trained.name == "phi3"


def test_the_linear_layers_get_an_adapter_and_the_head_does_not(trained: Trained) -> None:
    config = json.loads((trained.result.adapter / "adapter_config.json").read_text())
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == set(
        trained.family.targets
    )


def test_the_adapter_loads_in_plain_peft_and_transformers(trained: Trained) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    ids = torch.tensor([prompt_of(trained)])
    folder = str(trained.result.adapter)
    plain = AutoModelForCausalLM.from_pretrained(trained.reference.source)
    with torch.inference_mode():
        ours = trained.tuned.model(ids).logits
        base = trained.base.model(ids).logits
        in_transformers = AutoModelForCausalLM.from_pretrained(folder)(ids).logits
        in_peft = PeftModel.from_pretrained(plain, folder).eval()(ids).logits
    torch.testing.assert_close(in_peft, ours, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(in_transformers, ours, atol=1e-4, rtol=1e-4)
    assert (ours - base).abs().max() > 1e-2


def test_asked_settings_are_the_effective_ones(trained: Trained) -> None:
    """The double's own defaults (top-k 1, a penalty) would make all answers equal."""
    settings = SamplingSettings(max_tokens=20)
    prompts = [prompt_of(trained), prompt_of(trained, "Hi")] * 3
    answers = sample_rows(trained.base, prompts, range(6), settings)
    expected = [_slowly(trained.base, p, seed, settings) for seed, p in enumerate(prompts)]
    assert [(a.thoughts, a.text) for a in answers] == expected
    assert len({answer.text + answer.thoughts for answer in answers}) == 6


def test_a_judge_of_the_family_is_read_as_a_plain_forward_pass(trained: Trained) -> None:
    texts = (QUESTION, "Hi", QUESTION + " Tell me a story. " * 4)
    prompts = [prompt_of(trained, text) for text in texts]
    for prompt, found in zip(
        prompts, next_token_top_logprobs(trained.base, prompts, 3), strict=True
    ):
        with torch.inference_mode():
            logits = trained.base.model(torch.tensor([prompt])).logits[0, -1]
        best = logits.float().log_softmax(-1).topk(3)
        assert found.top[0][0] == trained.base.tokenizer.decode([int(best.indices[0])])
        torch.testing.assert_close(
            torch.tensor([logprob for _, logprob in found.top]), best.values, atol=1e-4, rtol=1e-4
        )


def _slowly(
    loaded: LoadedModel, prompt: list[int], seed: int, settings: SamplingSettings
) -> tuple[str, str]:
    """One row without cache or batch: the whole text goes through the model at every step."""
    ends, body = end_tokens(loaded.tokenizer, loaded.model), []
    uniforms = row_uniforms([seed], settings.max_tokens, torch.device("cpu"))
    for step in range(settings.max_tokens):
        with torch.inference_mode():
            logits = loaded.model(input_ids=torch.tensor([prompt + body])).logits[:, -1]
        token = int(draw_tokens(logits, uniforms[:, step], settings))
        if token in ends:
            break
        body.append(token)
    (reply,) = read_replies(loaded.tokenizer, [prompt], [body])
    return reply.thoughts, reply.answer
