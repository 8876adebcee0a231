"""A judge's number over all its spellings, however the tokenizer splits digits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from harness.models.chat_format import settle
from harness.models.loading import LoadedModel
from harness.sampling.number_trie import build_trie, number_trie
from harness.sampling.reading import next_numbers, next_token_top_logprobs

WORDS = ["How good is it? Number: ", "Rate the answer. REFUSAL CODE", ": 0 1 2 3 4 5 6 7 8 9"]


def byte_level(corpus: list[str], size: int = 400, digits: bool = False) -> Tokenizer:
    """Byte-level BPE; with ``digits`` every digit stands alone (Qwen, Gemma)."""
    raw = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alone = [pre_tokenizers.Digits(individual_digits=True)] if digits else []
    raw.pre_tokenizer = pre_tokenizers.Sequence([*alone, level])
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(corpus, trainer)
    return raw


def sentence_piece() -> Tokenizer:
    """A blank marks the first word and digits stand alone (Llama 2, Mistral)."""
    letters = sorted({c for text in WORDS for c in text} | set("0123456789▁"))
    raw = Tokenizer(models.BPE({t: i for i, t in enumerate(["<end>", "<unk>", *letters])}, []))
    raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    raw.decoder = decoders.Metaspace(prepend_scheme="first", split=False)
    return raw


def tokenizers() -> dict[str, Tokenizer]:
    some = [f"{n}" for n in (10, 20, 42, 42, 85, 85, 99, 100, 100)] * 30
    spaced = [f"score {n}" for n in range(0, 101, 5)] * 30
    every = [f"{n}" for n in range(101)] * 30
    return {
        "digits": byte_level(WORDS, digits=True),
        "some pairs": byte_level([*WORDS, *some], size=290),
        "blank and number": byte_level([*WORDS, *spaced], size=330),
        "whole numbers": byte_level([*WORDS, *every], size=500),
        "sentence piece": sentence_piece(),
    }


KINDS = ("digits", "some pairs", "blank and number", "whole numbers", "sentence piece")


@pytest.fixture(scope="module", params=KINDS)
def judge(request: pytest.FixtureRequest) -> LoadedModel:
    raw = tokenizers()[request.param]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<end>")
    settle(tokenizer)
    torch.manual_seed(3)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        initializer_range=0.4,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    return LoadedModel(model=model, tokenizer=tokenizer, device=torch.device("cpu"))


def brute_force(judge: LoadedModel, prompt: list[int]) -> list[float]:
    """Probability of every number: one plain forward pass for each spelling, no trie, no cache."""
    tokenizer = judge.tokenizer

    def encode(text: str) -> tuple[int, ...]:
        return tuple(tokenizer.encode(text, add_special_tokens=False))

    spellings: dict[tuple[int, ...], int] = {}
    for number in range(101):
        for text in (f"{number}", f" {number}"):
            colon, both = encode(":"), encode(f":{text}")
            spellings[encode(text)] = number
            if both[: len(colon)] == colon:
                spellings[both[len(colon) :]] = number
    if {n for path, n in spellings.items() if len(path) == 1} == set(range(101)):
        spellings = {path: n for path, n in spellings.items() if len(path) == 1}

    def chance(path: tuple[int, ...]) -> float:
        with torch.inference_mode():
            logits = judge.model(input_ids=torch.tensor([[*prompt, *path]])).logits[0]
        steps = logits.double().log_softmax(-1)[len(prompt) - 1 : -1]
        return float(steps[range(len(path)), list(path)].sum().exp())

    found = [0.0] * 101
    for path, number in spellings.items():
        on = {p[: len(path) + 1] for p in spellings if p[: len(path)] == path and p != path}
        found[number] += chance(path) - sum(map(chance, on))
    return found


def test_numbers_equal_brute_force(judge: LoadedModel) -> None:
    texts = ["How good is it? Number:", "Rate the answer.", "How good is it? Number: "]
    prompts = [judge.tokenizer.encode(text, add_special_tokens=False) for text in texts]
    read = next_numbers(judge, prompts, 5, max_rows=16)
    plain = next_token_top_logprobs(judge, prompts, 5)
    for prompt, token, same in zip(prompts, read, plain, strict=True):
        expected = brute_force(judge, prompt)
        assert token.numbers is not None
        assert token.numbers.mass == pytest.approx(sum(expected), abs=1e-6)
        mean = sum(n * p for n, p in enumerate(expected)) / sum(expected)
        assert token.numbers.mean == pytest.approx(mean, abs=1e-3)
        assert token.numbers.mass <= 1
        assert [t for t, _ in token.top] == [t for t, _ in same.top]


def test_the_tokenizers_differ_as_they_should(judge: LoadedModel, request: Any) -> None:
    trie = number_trie(judge.tokenizer)
    lengths = {len(path) for path in trie.numbers}
    assert set(trie.numbers.values()) == set(range(101))
    name = request.node.callspec.id
    assert trie.is_flat == ("whole" in name)
    assert {"digits": 3 in lengths, "some pairs": {1, 2} <= lengths}.get(name, True)


def test_85_is_not_8_when_digits_stand_alone() -> None:
    """A judge that says 8, then 5, then stops."""
    trie = build_trie([((8,), 8), ((8, 5), 85), ((1,), 1), ((1, 0), 10), ((1, 0, 0), 100)])
    following = {
        (): {8: 0.9, 1: 0.1, 5: 0.0, 0: 0.0},
        (8,): {5: 0.95, 8: 0.0, 1: 0.0, 0: 0.0},
        (1,): {0: 1.0, 8: 0.0, 1: 0.0, 5: 0.0},
        (1, 0): {0: 0.5, 8: 0.0, 1: 0.0, 5: 0.0},
    }
    masses = trie.masses(following)
    assert masses[85] == pytest.approx(0.855)
    assert masses[8] == pytest.approx(0.045)
    assert (masses[1], masses[10], masses[100]) == pytest.approx((0.0, 0.05, 0.05))


def test_a_prompt_is_read_once_for_all_spellings(
    judge: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    forward = judge.model.forward

    def counting(*args: Any, input_ids: torch.Tensor, **kwargs: Any) -> Any:
        passes.append(input_ids.numel())
        return forward(*args, input_ids=input_ids, **kwargs)

    monkeypatch.setattr(judge.model, "forward", counting)
    prompt = judge.tokenizer.encode("Rate the answer. " * 60, add_special_tokens=False)
    next_numbers(judge, [prompt], 5)
    assert len(passes) <= 2
    assert sum(passes) <= len(prompt) + 4 * len(number_trie(judge.tokenizer).inner)


def test_no_prompts(judge: LoadedModel) -> None:
    assert next_numbers(judge, [], 5) == []
