"""Out of memory, devices and number formats."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.data.rows import Message, Row
from harness.errors import PrerequisiteError, SampleError, TrainError, UsageError
from harness.models.devices import choose_device, preferred_device
from harness.models.loading import load_model
from harness.models.reference import ModelReference, parse_reference
from harness.sampling import engine, reading
from harness.sampling.model_cache import ModelKey
from harness.sampling.settings import SamplingSettings
from harness.sampling.work import Ask, Work
from harness.training.recipe import Recipe
from harness.training.record import TrainingResult
from harness.training.train import train_adapter
from harness.training.trainers import SmallVocabularyTrainer

ASKS = [Ask((("user", f"Why {i}?"),), (i, i + 100), repeatable=True) for i in range(8)]
SETTINGS = SamplingSettings(max_tokens=6)


@pytest.fixture
def reference(qwen_double: Path) -> ModelReference:
    return parse_reference(str(qwen_double))


def worker(reference: ModelReference, journal: Path | None = None) -> Work:
    return Work(ModelKey(reference), journal=journal, max_rows=16)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A device that holds five rows; the sizes that were tried."""
    tried: list[int] = []

    def limited(real: Any, sizes: Any) -> Any:
        def call(loaded: Any, prompts: Any, *rest: Any, max_rows: int, **named: Any) -> Any:
            tried.append(min(len(prompts), max_rows))
            if tried[-1] > 5:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            return real(loaded, prompts, *rest, max_rows=max_rows, **named)

        return call

    for module, name in ((engine, "sample_rows"), (reading, "next_token_top_logprobs")):
        monkeypatch.setattr(module, name, limited(getattr(module, name), tried))
    yield tried


def test_sampling_out_of_memory_goes_on_with_the_same_answers(
    reference: ModelReference,
    small_memory: list[int],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = tmp_path / "sampled.jsonl"
    with caplog.at_level(logging.WARNING):
        halved = worker(reference, journal).sample(ASKS, SETTINGS, lambda: False)
    assert small_memory == [16, 8, 4, 4, 4, 4]
    assert "going on with 4 answers at a time" in caplog.text
    assert len(journal.read_text().splitlines()) == 16
    monkeypatch.undo()
    assert halved == worker(reference).sample(ASKS, SETTINGS, lambda: False)


def test_judging_out_of_memory_goes_on_with_the_same_numbers(
    reference: ModelReference, small_memory: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [ask.messages for ask in ASKS]
    halved = worker(reference).read(prompts, 5)
    assert small_memory == [8, 8, 4]
    monkeypatch.undo()
    whole = worker(reference).read(prompts, 5)
    for (_, one), (_, other) in zip(halved, whole, strict=True):
        assert one.token == other.token
        assert one.logprob == pytest.approx(other.logprob, abs=1e-5)


def test_a_device_that_holds_not_even_one_answer_is_one_message(
    reference: ModelReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(engine, "sample_rows", never)
    with pytest.raises(SampleError, match="does not hold the model and one answer"):
        worker(reference).sample(ASKS, SETTINGS, lambda: False)


def train(reference: ModelReference, out: Path) -> TrainingResult:
    rows = [
        Row(
            prompt=[Message(role="user", content=f"Please tell me about {i}.")],
            completion=[Message(role="assistant", content=f"It is {i}, " + "really " * i)],
        )
        for i in range(12)
    ]
    recipe = Recipe(
        rank=4,
        batch_size=6,
        gradient_accumulation=1,
        max_steps=4,
        learning_rate=1e-2,
        max_length=200,
        save_every=1,
        dtype="float32",
    )
    return train_adapter(reference=reference, rows=rows, recipe=recipe, seed=0, out=out)


def test_training_out_of_memory_goes_on_with_the_same_result(
    reference: ModelReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(reference, tmp_path / "whole")
    real, sizes = SmallVocabularyTrainer.compute_loss, []

    def limited(self: Any, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        # The memory runs out in the middle, so that a checkpoint is gone on from.
        if sizes[-1] > 3 and len(sizes) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, model, inputs, *rest, **named)

    monkeypatch.setattr(SmallVocabularyTrainer, "compute_loss", limited)
    halved = train(reference, tmp_path / "halved")
    assert sizes == [6, 6, 6, 3, 3, 3, 3]
    assert halved.record.recipe == whole.record.recipe
    assert (whole.record.batch_size, halved.record.batch_size) == (6, 3)
    assert halved.record.resumed_from == 2
    assert halved.record.losses == pytest.approx(whole.record.losses, rel=1e-4)
    one, other = (
        load_model(reference.with_adapter(result.adapter)).model.state_dict()
        for result in (whole, halved)
    )
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], atol=1e-4, rtol=1e-3)


def test_training_that_does_not_fit_at_all_is_one_message(
    reference: ModelReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(SmallVocabularyTrainer, "compute_loss", never)
    with pytest.raises(TrainError, match="does not hold the model and one row"):
        train(reference, tmp_path)


def test_the_device_is_chosen_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DEVICE", "auto")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for wrong in ("gpu", "cpu:1", "cuda:x"):
        with pytest.raises(UsageError, match="is not a device"):
            choose_device(wrong)
    choose_device("cpu")
    assert preferred_device().type == "cpu"
    if not torch.cuda.is_available():
        choose_device("cuda:1")
        with pytest.raises(PrerequisiteError, match="cannot use the device 'cuda'"):
            preferred_device()


def test_bfloat16_weights_sample_on_the_cpu_too(reference: ModelReference) -> None:
    loaded = load_model(reference, dtype="bfloat16")
    assert loaded.model.dtype == torch.bfloat16
    (answer,) = engine.sample_rows(loaded, [[5, 6, 7]], [1], SETTINGS)
    assert answer.tokens > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="tells a machine without a GPU what to do")
def test_four_bit_weights_say_what_they_need(reference: ModelReference) -> None:
    with pytest.raises(PrerequisiteError, match="need an NVIDIA GPU"):
        load_model(reference, dtype="nf4")
