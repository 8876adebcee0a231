from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from trl import SFTTrainer

from harness.models.loading import load_model
from harness.training.fitting import build_trainer
from harness.training.trainers import SmallVocabularyTrainer, trainer_for
from tests.training.conftest import Job


@pytest.fixture
def trainer(job: Job, tmp_path: Path) -> Any:
    recipe = job.recipe.model_copy(update={"dropout": 0.0, "batch_size": 6})
    loaded = load_model(job.reference)
    built = build_trainer(loaded, job.reference, job.rows, recipe, seed=0, checkpoints=tmp_path)
    for name, weight in built.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)  # zero at the start, which would hide half the gradients
    return built


@pytest.mark.parametrize("count", [None, 77])
def test_the_lean_loss_and_its_gradients_are_those_of_trl(trainer: Any, count: int | None) -> None:
    assert isinstance(trainer, SmallVocabularyTrainer)
    rows = [{key: row[key] for key in ("input_ids", "labels")} for row in trainer.train_dataset]
    rows[1] = {key: value[:-9] for key, value in rows[1].items()}
    batch = trainer.data_collator(rows[:6])
    found = []
    for compute in (SmallVocabularyTrainer.compute_loss, SFTTrainer.compute_loss):
        trainer.model.zero_grad()
        items = None if count is None else torch.tensor(count)
        loss = compute(trainer, trainer.model, dict(batch), num_items_in_batch=items)
        loss.backward()
        gradients = [p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None]
        found.append((loss.item(), torch.cat(gradients)))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-6)


def test_large_vocabularies_and_accelerators_keep_trls_trainer(job: Job) -> None:
    loaded = load_model(job.reference)
    assert trainer_for(loaded) is SmallVocabularyTrainer
    assert trainer_for(replace(loaded, device=torch.device("cuda"))) is SFTTrainer
    loaded.model.config.vocab_size = 150_000
    assert trainer_for(loaded) is SFTTrainer
