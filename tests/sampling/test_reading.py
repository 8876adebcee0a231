from __future__ import annotations

import random

import pytest
import torch

from harness.models.loading import LoadedModel
from harness.sampling.engine import stop_ids
from harness.sampling.reading import _passes, next_token_top_logprobs


def judge_prompts() -> list[list[int]]:
    """Two rubrics of 700 tokens, three questions each, answers of 1 to 30 tokens."""
    draw = random.Random(0)
    rubrics = [[draw.randrange(5, 300) for _ in range(700)] for _ in range(2)]
    questions = [[draw.randrange(5, 300) for _ in range(20)] for _ in range(3)]
    return [
        [*draw.choice(rubrics), *draw.choice(questions)]
        + [draw.randrange(5, 300) for _ in range(draw.randrange(1, 30))]
        for _ in range(24)
    ]


PROMPT_SETS = {
    "shared prefixes": judge_prompts(),
    "nothing shared": [[5, 6], [7], [8, 9, 10]],
    "one is the beginning of another": [[5, 6, 7], [5, 6, 7, 8], [5]],
    "twins": [[5, 6, 7], [5, 6, 7]],
    "single": [[5, 6, 7]],
}


@pytest.mark.parametrize("prompts", PROMPT_SETS.values(), ids=PROMPT_SETS.keys())
@pytest.mark.parametrize("max_rows", [256, 3])
def test_equals_one_forward_pass_each(
    any_family: LoadedModel, prompts: list[list[int]], max_rows: int
) -> None:
    answers = next_token_top_logprobs(any_family, prompts, 20, max_rows=max_rows)
    for prompt, answer in zip(prompts, answers, strict=True):
        with torch.inference_mode():
            logits = any_family.model(input_ids=torch.tensor([prompt])).logits[0, -1]
        best = logits.log_softmax(-1).topk(20)
        assert [p for _, p in answer.top] == pytest.approx(best.values.tolist(), abs=1e-4)
        assert answer.logprob == pytest.approx(best.values[0].item(), abs=1e-4)
        assert answer.token == any_family.tokenizer.decode([best.indices[0].item()])
        assert answer.top[0][0] == answer.token


def test_shared_prefix_is_read_once(qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    forward = qwen.model.forward

    def counting(*args: object, input_ids: torch.Tensor, **kwargs: object) -> object:
        read.append(input_ids.numel())
        return forward(*args, input_ids=input_ids, **kwargs)

    monkeypatch.setattr(qwen.model, "forward", counting)
    prompts = judge_prompts()
    next_token_top_logprobs(qwen, prompts, 5)
    assert sum(read) < 0.2 * sum(map(len, prompts))


def test_no_top_still_gives_the_likeliest(qwen: LoadedModel) -> None:
    (answer,) = next_token_top_logprobs(qwen, [[5, 6]], 0)
    assert answer.top == ()
    assert answer.logprob < 0


def test_end_token_is_recognised(qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = list(range(len(qwen.tokenizer)))
    monkeypatch.setattr(qwen.model.generation_config, "eos_token_id", everything)
    assert len(stop_ids(qwen)) == len(everything)
    assert next_token_top_logprobs(qwen, [[5, 6]], 1)[0].ends


def test_no_prompts(qwen: LoadedModel) -> None:
    assert next_token_top_logprobs(qwen, [], 5) == []


def test_a_pass_holds_no_more_than_its_bounds() -> None:
    lengths = [3, 3, 4, 10, 50, 200]
    passes = list(_passes(list(range(6)), lengths, 3, 99))
    assert passes == [[0, 1, 2], [3], [4], [5]]
    assert list(_passes(list(range(6)), lengths, 4, None)) == [[0, 1, 2, 3], [4, 5]]
