"""Batches and the training loop: nothing lost, nothing repeated, exact resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.errors import PrerequisiteError, TrainError
from harness.miniature.build.batches import Encoded, collate, plan_batches
from harness.miniature.build.build import build
from harness.miniature.build.judge import grown
from harness.miniature.build.judge_loss import JudgeLoss, Lesson
from harness.miniature.build.loop import Phase, run_phase, weighted_loss
from harness.miniature.build.phases import new_model
from tests.miniature.conftest import TINY, TinyBuild, nothing, rubric_prompts, what_decides

PHASE = Phase("test", 1e-2, 0.1, 256, seed=1, save_every=100)


class Stop(BaseException):
    """Stands for Ctrl-C."""


def stop_at(phase: str, step: int) -> Callable[[str, int, int, float], None]:
    def progress(name: str, done: int, steps: int, loss: float) -> None:
        if (name, done) == (phase, step):
            raise Stop

    return progress


def rows_of(lengths: list[int], group: int = 0) -> list[Encoded]:
    return [Encoded([5] * n, [1.0] * n, group) for n in lengths]


def test_a_plan_holds_every_row_once_and_keeps_to_the_limit() -> None:
    rows = [*rows_of([3 + i % 40 for i in range(300)]), *rows_of([7] * 50, group=1)]
    plan = plan_batches(rows, 120, seed=4)
    assert sorted(i for batch in plan for i in batch) == list(range(350))
    for batch in plan:
        assert len(batch) * max(len(rows[i].ids) for i in batch) <= 120
        assert len({rows[i].group for i in batch}) == 1
    assert plan == plan_batches(rows, 120, seed=4)
    assert plan != plan_batches(rows, 120, seed=5)


def test_a_row_above_the_limit_gets_a_batch_of_its_own() -> None:
    plan = plan_batches(rows_of([500, 10, 10]), 100, seed=0)
    assert sorted(map(sorted, plan)) == [[0], [1, 2]]


def test_padding_carries_no_loss() -> None:
    ids, weights = collate(rows_of([2, 4]), pad=0)
    assert ids.tolist() == [[5, 5, 0, 0], [5, 5, 5, 5]]
    assert weights.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]


def test_an_interrupted_build_ends_with_the_same_bytes(tiny: TinyBuild, tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    resumed: list[tuple[str, int]] = []
    for phase, step in (("world", 8), ("chat", 6), ("judge", 6)):
        with pytest.raises(Stop):
            build(TINY, rubric_prompts(), work, out, stop_at(phase, step))
    built = build(TINY, rubric_prompts(), work, out, lambda p, s, n, _: resumed.append((p, s)))
    # The last checkpoint before step 6 is step 5; finished phases are not trained again.
    assert resumed[0] == ("judge", 6)
    assert what_decides(built.hashes) == what_decides(tiny.card.files)
    ends = {name: curve[-1][0] for name, curve in built.curves.items()}
    assert ends == {name: curve[-1][0] for name, curve in tiny.card.curves.items()}


def test_a_finished_build_trains_nothing_again(tiny: TinyBuild, tmp_path: Path) -> None:
    steps: list[str] = []
    built = build(
        TINY, rubric_prompts(), tiny.work, tmp_path / "out", lambda p, *_: steps.append(p)
    )
    assert steps == []
    assert built.seconds == tiny.card.seconds["training"] > 0
    assert what_decides(built.hashes) == what_decides(tiny.card.files)


def test_a_work_folder_belongs_to_one_configuration(tiny: TinyBuild, tmp_path: Path) -> None:
    other = TINY.model_copy(update={"seed": 2})
    with pytest.raises(PrerequisiteError, match="other settings"):
        build(other, rubric_prompts(), tiny.work, tmp_path / "out", nothing)
    assert json.loads((tiny.work / "config.json").read_text())["seed"] == TINY.seed


def test_a_loss_that_is_no_number_stops_the_phase(tiny_tokenizer: Any, tmp_path: Path) -> None:
    import torch

    model = new_model(TINY, tiny_tokenizer)
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(TrainError, match="phase 'test' is nan at step 1"):
        run_phase(model, rows_of([9, 9]), PHASE, tmp_path, nothing, partial(weighted_loss, pad=0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(24, 24), (16, 60), (60, 16)])
def test_an_update_of_muon_is_nearly_orthogonal(shape: tuple[int, int]) -> None:
    import torch

    from harness.miniature.build.muon import Muon, orthogonal

    torch.manual_seed(0)
    gradient = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
    sizes = torch.linalg.svdvals(orthogonal(gradient))
    assert sizes.min() > 0.3 and sizes.max() < 1.3
    weight = torch.nn.Parameter(torch.zeros(shape))
    weight.grad = gradient
    Muon([weight], lr=0.1).step()
    moved = torch.linalg.svdvals(weight.detach())
    tall = max(1.0, shape[0] / shape[1]) ** 0.5
    assert moved.max() < 0.13 * tall and moved.max() > 0.06 * tall
    assert float((weight.detach() * gradient).sum()) < 0


def lessons(tails: list[list[int]], shared: list[int]) -> list[Lesson]:
    return [
        Lesson(shared + tail, 0, points, None, (7, 8, 9))
        for tail, points in zip(tails, (5, 90, 40), strict=True)
    ]


def test_a_shared_beginning_gives_the_loss_of_the_whole_rows(tiny_tokenizer: Any) -> None:
    import torch

    shared = list(range(10, 40))
    tails = [list(range(50, 60)), list(range(60, 69)), list(range(70, 77))]
    judge = grown(new_model(TINY, tiny_tokenizer), 1)
    losses = [
        JudgeLoss(tiny_tokenizer, [prefix], TINY.layers, TINY.width)(judge, rows)
        for prefix, rows in (([], lessons(tails, shared)), (shared, lessons(tails, [])))
    ]
    with torch.no_grad():
        assert float(losses[0]) == pytest.approx(float(losses[1]), rel=2e-2)


def test_new_layers_change_nothing_until_they_are_trained(tiny_tokenizer: Any) -> None:
    import torch

    model = new_model(TINY, tiny_tokenizer)
    ids = torch.arange(10, 40)[None]
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, grown(model, 2)(ids).logits, atol=1e-5)


def test_the_verdict_s_loss_is_least_at_the_right_number(tiny_tokenizer: Any) -> None:
    """Raising the right number's logit lowers the loss; raising another's does not."""
    import torch

    judge = grown(new_model(TINY, tiny_tokenizer), 1)
    loss = JudgeLoss(tiny_tokenizer, [[]], TINY.layers, TINY.width)
    lesson = [Lesson(list(range(50, 60)), 0, 90, None, None)]
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss(judge, lesson).backward()
        optimizer.step()
    with torch.no_grad():
        logits = judge(torch.tensor([lesson[0].ids])).logits[0, -1]
    numbers = [tiny_tokenizer.convert_tokens_to_ids(str(n)) for n in range(101)]
    assert abs(int(logits[numbers].argmax()) - 90) <= 1
