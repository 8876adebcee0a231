from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare

from harness.errors import SampleError
from harness.models.loading import LoadedModel
from harness.sampling.draw import draw_tokens, row_uniforms
from harness.sampling.engine import SamplingCancelled, sample_group, sample_rows, stop_ids
from harness.sampling.settings import Completion, SamplingSettings

PROMPT = [5, 60, 70, 80, 90]
SETTINGS = SamplingSettings(max_tokens=24)


def naive(
    loaded: LoadedModel, prompt: list[int], seed: int, settings: SamplingSettings
) -> Completion:
    """One row, no cache: the whole text goes through the model at every step."""
    ids, ends = list(prompt), stop_ids(loaded)
    uniforms = row_uniforms([seed], settings.max_tokens, torch.device("cpu"))
    for step in range(settings.max_tokens):
        with torch.inference_mode():
            logits = loaded.model(input_ids=torch.tensor([ids])).logits[:, -1]
        token = int(draw_tokens(logits, uniforms[:, step], settings))
        ids.append(token)
        if token in ends:
            return Completion(text(loaded, ids[len(prompt) : -1]), step + 1, "stop")
    return Completion(text(loaded, ids[len(prompt) :]), settings.max_tokens, "max_tokens")


def text(loaded: LoadedModel, ids: list[int]) -> str:
    return str(loaded.tokenizer.decode(ids, skip_special_tokens=True))


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        SamplingSettings(max_tokens=24, temperature=0),
        SamplingSettings(max_tokens=24, temperature=0.3, top_p=0.8, top_k=50),
    ],
)
def test_rows_equal_a_naive_loop(stopping: LoadedModel, settings: SamplingSettings) -> None:
    answers = sample_group(stopping, PROMPT, range(30), settings)
    assert answers == [naive(stopping, PROMPT, seed, settings) for seed in range(30)]
    if settings.temperature == 1:
        assert {answer.stop_reason for answer in answers} == {"stop", "max_tokens"}


def test_prompts_of_different_length_share_a_batch(any_family: LoadedModel) -> None:
    prompts = [[*PROMPT[: 1 + seed % 5], 40 + seed % 3] for seed in range(20)]
    answers = sample_rows(any_family, prompts, range(20), SETTINGS)
    expected = [naive(any_family, p, seed, SETTINGS) for seed, p in enumerate(prompts)]
    assert answers == expected


def test_a_row_is_the_same_in_every_bit_in_any_company(qwen: LoadedModel) -> None:
    """Not only the drawn tokens: the logits, so that no rounding can ever change a draw."""
    prompts = [[5 + seed % 7] * (2 + seed % 40) for seed in range(80)]
    seen: list[torch.Tensor] = []
    keep = qwen.model.register_forward_hook(lambda _m, _i, out: seen.append(out.logits[:, -1]))
    settings = SamplingSettings(max_tokens=6)
    try:
        few = sample_rows(qwen, prompts[:8], range(8), settings)
        alone, seen[:] = list(seen), []
        many = sample_rows(qwen, prompts, range(80), settings)
    finally:
        keep.remove()
    assert few == many[:8]
    # The first pass reads distinct prompts; then every row is there until rows are dropped.
    for step in (1, 2, 3):
        if len(seen[step]) == 80 and len(alone[step]) == 8:
            assert torch.equal(alone[step], seen[step][:8])
    assert len(seen[1]) == 80 and len(alone[1]) == 8


def test_answers_do_not_depend_on_the_grouping(stopping: LoadedModel) -> None:
    together = sample_group(stopping, PROMPT, range(40), SETTINGS)
    split = sample_group(stopping, PROMPT, range(40), SETTINGS, max_rows=7)
    reverse = sample_group(stopping, PROMPT, range(39, -1, -1), SETTINGS)
    assert together == split == reverse[::-1]
    assert len({answer.text for answer in together}) > 30


@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_frequencies_match_the_softmax(qwen: LoadedModel, temperature: float) -> None:
    samples = 8_000
    settings = SamplingSettings(max_tokens=1, temperature=temperature)
    answers = sample_group(qwen, PROMPT, range(samples), settings, max_rows=samples)
    with torch.inference_mode():
        logits = qwen.model(input_ids=torch.tensor([PROMPT])).logits[0, -1].double()
    expected: dict[str, float] = {}
    for index, probability in enumerate((logits / temperature).softmax(-1).tolist()):
        name = qwen.tokenizer.decode([index], skip_special_tokens=True)
        expected[name] = expected.get(name, 0) + probability * samples
    observed = dict.fromkeys(expected, 0)
    for answer in answers:
        observed[answer.text] += 1
    assert chisquare(list(observed.values()), list(expected.values())).pvalue > 1e-3


def test_end_tokens_come_from_tokenizer_and_generation_config(
    qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qwen.model.generation_config, "eos_token_id", [3, 4])
    assert stop_ids(qwen) == {3, 4, qwen.tokenizer.eos_token_id}


def test_sampling_defaults_of_the_model_are_ignored(
    qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = sample_group(qwen, PROMPT, range(5), SETTINGS)
    for name, value in {"temperature": 0.01, "top_k": 1, "repetition_penalty": 5.0}.items():
        monkeypatch.setattr(qwen.model.generation_config, name, value)
    assert sample_group(qwen, PROMPT, range(5), SETTINGS) == plain


def test_context_limits_the_answer_and_says_so(
    qwen: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qwen.model.config, "max_position_embeddings", len(PROMPT) + 3)
    (answer,) = sample_group(qwen, PROMPT, [1], SETTINGS)
    assert (answer.tokens, answer.stop_reason) == (3, "model_length")
    with pytest.raises(SampleError, match="9 tokens; the model's context holds 8"):
        sample_group(qwen, [*PROMPT, 1, 2, 3, 4], [1], SETTINGS)


def test_empty_prompt_is_an_error(qwen: LoadedModel) -> None:
    with pytest.raises(SampleError, match="empty"):
        sample_group(qwen, [], [1], SETTINGS)


def test_cancelling_ends_the_work(qwen: LoadedModel) -> None:
    asked = iter([False, False, True])
    with pytest.raises(SamplingCancelled):
        sample_group(qwen, PROMPT, [1], SETTINGS, cancelled=lambda: next(asked))
