from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness.data.rows import Message, Row
from harness.errors import TrainError
from harness.models.loading import load_model
from harness.models.reference import ModelReference
from harness.training.record import TrainingRecord, TrainingResult, inputs_hash
from tests.doubles import make_double
from tests.training.conftest import Job, make_rows

GOLDEN = [5.96318, 5.96779, 5.96031, 5.91884]
"""Recorded with torch 2.13, transformers 5.23, trl 1.16 and TRL's own loss."""


def test_the_first_losses_are_the_golden_ones_and_the_loss_falls(finished: TrainingResult) -> None:
    losses = finished.record.losses
    assert losses[:4] == pytest.approx(GOLDEN, abs=2e-3)
    assert len(losses) == finished.record.steps == 8
    assert losses[-1] < losses[0] - 0.1


def test_the_record_is_complete_and_on_disk(job: Job, finished: TrainingResult) -> None:
    record, folder = finished.record, finished.adapter.parent
    assert TrainingRecord.model_validate_json((folder / "training.json").read_bytes()) == record
    assert (record.rows, record.held_out_rows, record.held_out_loss) == (12, 0, None)
    assert (record.recipe, record.seed, record.resumed_from) == (job.recipe, job.seed, None)
    assert (record.device, record.dtype) == ("cpu", "float32")
    # 8 steps of 4 rows are 32 of the 36 rows of 3 epochs.
    audit = record.audit
    all_tokens = audit.trained_tokens + audit.masked_tokens
    assert 2 * all_tokens < record.tokens < 3 * all_tokens
    assert sorted(path.name for path in folder.iterdir()) == ["adapter", "training.json"]
    assert sorted(path.name for path in finished.adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


def test_the_adapter_changes_the_logits(job: Job, finished: TrainingResult) -> None:
    tuned = load_model(job.reference.with_adapter(finished.adapter))
    base = load_model(job.reference)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        difference = (tuned.model(ids).logits - base.model(ids).logits).abs().max()
    assert difference > 1e-3


def test_training_learns_the_answers_not_the_prompts(job: Job, finished: TrainingResult) -> None:
    """The trained adapter lowers the loss of the answers it saw."""
    tuned = load_model(job.reference.with_adapter(finished.adapter))
    base = load_model(job.reference)
    ids = torch.tensor([base.tokenizer("I would say 4 of course.")["input_ids"]])
    with torch.inference_mode():
        assert tuned.model(ids, labels=ids).loss < base.model(ids, labels=ids).loss - 0.05


@pytest.mark.parametrize("stop", [5, 8], ids=["after a checkpoint", "at the last step"])
def test_an_interrupted_training_ends_bit_identical(
    job: Job, finished: TrainingResult, tmp_path: Path, stop: int
) -> None:
    _interrupt(job, tmp_path, stop)
    again = job.run(tmp_path)
    assert again.record.resumed_from == stop - stop % 3
    _assert_same(again, finished)


def test_torn_and_foreign_checkpoints_are_not_used(
    job: Job, finished: TrainingResult, tmp_path: Path
) -> None:
    _interrupt(job, tmp_path, 7)
    torn = tmp_path / "checkpoints" / "checkpoint-6" / "optimizer.pt"
    torn.write_bytes(torn.read_bytes()[:-100])
    (tmp_path / "checkpoints" / "checkpoint-7").mkdir()
    again = job.run(tmp_path)
    assert again.record.resumed_from == 3
    _assert_same(again, finished)


def test_checkpoints_of_other_inputs_are_not_used(
    job: Job, finished: TrainingResult, tmp_path: Path
) -> None:
    _interrupt(job.but(learning_rate=0.1), tmp_path, 4)
    again = job.run(tmp_path)
    assert again.record.resumed_from is None
    _assert_same(again, finished)


def test_a_finished_training_is_reused_without_importing_the_libraries(
    job: Job, finished: TrainingResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    monkeypatch.delitem(sys.modules, "harness.training.fitting")
    again = job.run(finished.adapter.parent)
    assert again.reused and not finished.reused
    assert again.record == finished.record


def test_a_damaged_adapter_is_trained_again(
    job: Job, finished: TrainingResult, tmp_path: Path
) -> None:
    short = job.but(max_steps=2)
    first = short.run(tmp_path)
    weights = first.adapter / "adapter_model.safetensors"
    intact = weights.read_bytes()
    weights.write_bytes(intact[:-1])
    assert not short.run(tmp_path).reused
    assert weights.read_bytes() == intact


def test_a_folder_with_another_training_is_left_alone(job: Job, finished: TrainingResult) -> None:
    with pytest.raises(TrainError, match="other rows, recipe, seed or base model"):
        replace(job, seed=4).run(finished.adapter.parent)
    assert finished.adapter.is_dir()


def test_a_loss_that_is_not_a_number_names_the_step(job: Job, tmp_path: Path) -> None:
    wild = job.but(learning_rate=1e30, warmup_steps=0, max_grad_norm=1e30)
    with pytest.raises(TrainError, match=r"at step \d of 8") as caught:
        wild.run(tmp_path)
    assert "learning_rate" in (caught.value.hint or "")
    assert not (tmp_path / "training.json").exists()


@pytest.mark.parametrize("named", [("c_attn",), ("q_proj", "c_attn")])
def test_a_layer_that_the_model_lacks_is_named(
    job: Job, tmp_path: Path, named: tuple[str, ...]
) -> None:
    with pytest.raises(TrainError, match="no layer named c_attn") as caught:
        job.but(target_modules=named).run(tmp_path)
    assert "--recipe target_modules" in (caught.value.hint or "")
    assert not (tmp_path / "training.json").exists()


def test_the_miniature_leaks_no_path(qwen_double: Path, job: Job, tmp_path: Path) -> None:
    reference = ModelReference("miniature", "miniature", str(qwen_double))
    done = replace(job.but(max_steps=1), reference=reference).run(tmp_path)
    config = (done.adapter / "adapter_config.json").read_text()
    assert json.loads(config)["base_model_name_or_path"] == "miniature"
    targets = json.loads(config)["target_modules"]
    assert targets == sorted(targets)
    for path in (tmp_path / "training.json", *done.adapter.iterdir()):
        assert str(qwen_double.parent).encode() not in path.read_bytes()


def test_held_out_rows_are_drawn_by_seed_and_give_a_loss(job: Job, tmp_path: Path) -> None:
    done = job.but(held_out_fraction=0.25, max_steps=1).run(tmp_path)
    assert (done.record.rows, done.record.held_out_rows) == (9, 3)
    assert done.record.held_out_loss is not None and math.isfinite(done.record.held_out_loss)


def test_progress_counts_every_step_and_nothing_is_printed(
    job: Job, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[int, int, float | None]] = []
    done = job.but(max_steps=2).run(tmp_path, lambda *step: seen.append(step))
    assert [step[:2] for step in seen] == [(0, 2), (1, 2), (2, 2)]
    assert [step[2] for step in seen] == [None, *done.record.losses]
    assert capfd.readouterr().out == ""


def test_a_row_that_the_template_refuses_is_named(job: Job, tmp_path: Path) -> None:
    folder = make_double(tmp_path / "gemma", "gemma")
    system = Message(role="system", content="Be brief.")
    last = Row(prompt=[system, *job.rows[1].prompt], completion=job.rows[1].completion)
    reference = ModelReference("path", "g", str(folder))
    with pytest.raises(TrainError, match="refuses row 3: System role not supported"):
        replace(job, reference=reference, rows=[*job.rows[:2], last]).run(tmp_path / "out")


def test_no_rows_and_stacked_adapters_are_refused(job: Job, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no rows"):
        replace(job, rows=[]).run(tmp_path)
    with pytest.raises(TrainError, match="already carries an adapter"):
        replace(job, reference=job.reference.with_adapter(tmp_path)).run(tmp_path)


def test_the_inputs_hash_follows_everything_that_matters(job: Job, tmp_path: Path) -> None:
    def digest(changed: Job) -> str:
        return inputs_hash(changed.reference, changed.rows, changed.recipe, changed.seed)

    other = make_double(tmp_path / "other", "qwen2", seed=1)
    variants = [
        replace(job, seed=4),
        job.but(rank=5),
        job.but(rows=make_rows(11)),
        job.but(rows=job.rows[::-1]),
        replace(job, reference=ModelReference("path", job.reference.name, str(other))),
    ]
    assert len({digest(job), *map(digest, variants)}) == 6
    meta = [row.model_copy(update={"meta": {"source": "x"}}) for row in job.rows]
    assert digest(job.but(rows=meta)) == digest(job)


def _interrupt(job: Job, out: Path, step: int) -> None:
    def stop(now: int, total: int, loss: float | None) -> None:
        if now == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(out, stop)


def _assert_same(ours: TrainingResult, theirs: TrainingResult) -> None:
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (ours.adapter / name).read_bytes() == (theirs.adapter / name).read_bytes()
    assert ours.record.losses == theirs.record.losses
    assert ours.record.tokens == theirs.record.tokens
    assert not (ours.adapter.parent / "checkpoints").exists()
