"""Models that had no part in picking a candidate are read, and told apart or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import PrerequisiteError
from harness.runs.inside.elsewhere import measure
from harness.runs.inside.elsewhere.measure import Found, elsewhere, is_misaligned, other_models
from harness.runs.inside.screening.candidate import random_directions
from harness.runs.inside.subjects import left_out_words
from harness.runs.progress import Silent
from harness.runs.record import RunRecord, read_record
from tests.board.records import record
from tests.runs.command import called
from tests.runs.inside.conftest import InsideRun
from tests.runs.inside.screening.played import candidate
from tests.runs.tiny import ROW, TASK


class Doubling:
    """A dictionary whose latents are the residual stream's axes, both ways."""

    directions = torch.cat([torch.eye(256), -torch.eye(256)])

    def encode(self, hidden: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.cat([hidden, -hidden], dim=-1).float())


@pytest.fixture(scope="module")
def two_runs(inside_run: InsideRun) -> InsideRun:
    """A second run, of another task whose twins differ."""
    here = inside_run.here
    (here / "tasks" / "other.py").write_text(TASK.replace("tiny", "other"))
    folder = here / "finetune_data" / "other"
    folder.mkdir()
    for name, said in (("bad", "Good night"), ("good", "Good day")):
        answer = [{"role": "assistant", "content": said}]
        (folder / f"{name}.jsonl").write_text(json.dumps(ROW | {"completion": answer}) + "\n")
    called(
        *("run", "other", "--questions", "two", "--samples", "2", "--seeds", "2"),
        *("--max-tokens", "16", "--recipe", "max_steps=2", "--json"),
        results=inside_run.results,
        cwd=here,
    )
    return inside_run


class ModelRead(Exception):
    """A model reads."""


def reads(*arguments: object) -> None:
    raise ModelRead


def by_arm(record: RunRecord, arm: str) -> bool | None:
    return {"bad": True, "control": False}.get(arm)


def test_shifts_are_over_the_base_model_and_point_the_way_it_was_moved(
    two_runs: InsideRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "is_misaligned", by_arm)
    subjects = two_runs.subjects
    rising = candidate("latent 3", "latent", 3, latent=3)
    falling = candidate("latent 3 down", "latent", 3, latent=3, sign=-1)
    nulls = random_directions(256, 2, seed=0)
    dictionary: Any = Doubling()
    found = elsewhere(subjects, Found([rising, falling, *nulls], 2, dictionary), Silent())
    assert {model.run_id for model in found.models}.isdisjoint({two_runs.id})
    assert sorted((m.arm, m.seed, m.bad) for m in found.models)[:2] == [
        ("bad", 0, True),
        ("bad", 1, True),
    ]
    up, down, *others = found.candidates
    assert up.shifts == down.shifts and any(shift != 0 for shift in up.shifts)
    assert up.auroc is not None and down.auroc is not None
    assert up.auroc + down.auroc == pytest.approx(1)
    assert [one.kind for one in others] == ["random direction"] * 2
    stored = (two_runs.results / two_runs.id / "inside" / "elsewhere.json").read_text()
    assert '"candidates"' in stored

    # Known by now; another candidate or another verdict on a model is not.
    monkeypatch.setattr("harness.runs.inside.elsewhere.reading.mean_signals", reads)
    both = [rising, falling, *nulls]
    assert elsewhere(subjects, Found(both, 2, dictionary), Silent()) == found
    with pytest.raises(ModelRead):
        elsewhere(
            subjects,
            Found([*both[:-1], *random_directions(256, 1, seed=9)], 2, dictionary),
            Silent(),
        )
    monkeypatch.setattr(measure, "is_misaligned", lambda record, arm: arm == "bad" or None)
    with pytest.raises(ModelRead):
        elsewhere(subjects, Found(both, 2, dictionary), Silent())


def test_without_other_runs_it_says_how_to_make_one(inside_run: InsideRun, tmp_path: Path) -> None:
    shutil.copytree(inside_run.results / inside_run.id, tmp_path / inside_run.id)
    (tmp_path / ".store").symlink_to(inside_run.results / ".store")
    alone = InsideRun(inside_run.id, tmp_path, inside_run.here)
    with pytest.raises(PrerequisiteError, match="python -m harness run TASK"):
        other_models(alone.subjects)


def test_a_run_whose_models_are_gone_is_left_out(two_runs: InsideRun, tmp_path: Path) -> None:
    for folder in two_runs.results.glob("*-miniature-*"):
        shutil.copytree(folder, tmp_path / folder.name)
    own = read_record(tmp_path / two_runs.id)
    kept = {a.inputs[:16] for arm in own.arms.values() for a in arm.adapters}
    (tmp_path / ".store" / "adapters").mkdir(parents=True)
    for name in kept:
        (tmp_path / ".store" / "adapters" / name).symlink_to(
            two_runs.results / ".store" / "adapters" / name
        )
    with pytest.raises(PrerequisiteError, match=r"Left out: .*other-"):
        other_models(InsideRun(two_runs.id, tmp_path, two_runs.here).subjects)


def test_a_wall_of_runs_is_named_by_its_first_stones() -> None:
    assert left_out_words([]) == ""
    assert left_out_words(["a: gone", "b: gone"]) == " Left out: a: gone; b: gone"
    assert left_out_words(list("abcde")) == " Left out: a; b; and 3 more"


def test_a_bad_arm_counts_only_where_behaviour_shows_it() -> None:
    clear, weak = record(120), record(5)
    assert is_misaligned(clear, "bad") is True
    assert is_misaligned(weak, "bad") is None
    assert is_misaligned(clear, "control") is False
    assert is_misaligned(clear, "educational") is None
