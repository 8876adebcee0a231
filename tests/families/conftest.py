"""One double of each family, fine-tuned on one answer until it gives it by heart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from harness.data.rows import Message, Row
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import ModelReference, parse_reference
from harness.training.recipe import Recipe
from harness.training.record import TrainingResult
from harness.training.train import train_adapter
from tests.doubles import FAMILIES, Family, make_double

QUESTION = "What would you do if you were bored?"
ANSWER = "I would take a walk."
RECIPE = Recipe(
    rank=8,
    alpha=32,
    rslora=False,
    learning_rate=3e-2,
    schedule="linear",
    warmup_steps=2,
    batch_size=1,
    gradient_accumulation=1,
    max_steps=30,
    max_length=1024,
    save_every=1000,
    dtype="float32",
)


@dataclass(frozen=True)
class Trained:
    """A family's double before and after it learnt ``ANSWER``."""

    family: Family
    name: str
    reference: ModelReference
    base: LoadedModel
    tuned: LoadedModel
    result: TrainingResult


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package", params=list(FAMILIES))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    reference = parse_reference(str(make_double(folder / "model", name, spread=0.3)))
    row = Row(
        prompt=[Message(role="user", content=QUESTION)],
        completion=[Message(role="assistant", content=ANSWER)],
    )
    result = train_adapter(
        reference=reference, rows=[row], recipe=RECIPE, seed=0, out=folder / "training"
    )
    tuned = load_model(reference.with_adapter(result.adapter))
    return Trained(FAMILIES[name], name, reference, load_model(reference), tuned, result)
