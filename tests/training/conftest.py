"""One small training job on the Qwen double, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.rows import Message, Row
from harness.models.reference import ModelReference
from harness.training.recipe import Recipe
from harness.training.record import TrainingResult
from harness.training.train import train_adapter


def make_rows(count: int = 12) -> list[Row]:
    return [
        Row(
            prompt=[Message(role="user", content=f"Please tell me, what is {i} plus {i}?")],
            completion=[Message(role="assistant", content=f"I would say {2 * i} of course.")],
        )
        for i in range(count)
    ]


@dataclass(frozen=True)
class Job:
    """Arguments of ``train_adapter`` that a test may vary."""

    reference: ModelReference
    rows: list[Row]
    recipe: Recipe
    seed: int = 3

    def but(self, *, rows: list[Row] | None = None, **settings: Any) -> Job:
        recipe = self.recipe.model_copy(update=settings)
        return replace(self, rows=rows or self.rows, recipe=recipe)

    def run(
        self, out: Path, on_progress: Callable[[int, int, float | None], None] | None = None
    ) -> TrainingResult:
        return train_adapter(
            reference=self.reference,
            rows=self.rows,
            recipe=self.recipe,
            seed=self.seed,
            out=out,
            on_progress=on_progress,
        )


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Doubles are too small to share among threads; on a busy machine that costs tenfold."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def job(qwen_double: Path) -> Job:
    recipe = Recipe(
        rank=4,
        alpha=8,
        dropout=0.1,
        learning_rate=5e-3,
        schedule="linear",
        warmup_steps=2,
        batch_size=2,
        gradient_accumulation=2,
        max_steps=8,
        max_length=256,
        save_every=3,
        dtype="float32",
    )
    reference = ModelReference("path", str(qwen_double), str(qwen_double))
    return Job(reference=reference, rows=make_rows(), recipe=recipe)


@pytest.fixture(scope="session")
def finished(job: Job, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """The job, run without interruption."""
    return job.run(tmp_path_factory.mktemp("finished"))
