"""``inside warn``: a sweep is found, every model read, and what tells first is told."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import PrerequisiteError
from harness.inside.hooks import read_residuals
from harness.inside.texts import Text
from harness.models.loading import load_model
from harness.models.reference import ModelReference
from harness.runs.inside.directing.find import find_directions
from harness.runs.inside.elsewhere.reading import along, mean_signals
from harness.runs.inside.subjects import Subjects
from harness.runs.inside.warning.divergence import divergence, predictions
from harness.runs.inside.warning.measure import KL, WORDS
from harness.runs.inside.warning.record import ModelValue
from harness.runs.inside.warning.signals import earlier_than_behaviour, signal, word_shift
from harness.runs.progress import Silent
from tests.doubles import make_double
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun
from tests.runs.inside.planted import planted


def values(first: float, gap: float = 1.0) -> list[ModelValue]:
    return [
        ModelValue(
            dose=dose,
            run_id="run",
            arm=arm,
            seed=seed,
            value=(gap if arm == "bad" and dose >= first else 0.0) + 0.01 * seed,
        )
        for dose in (0.25, 0.5, 1.0)
        for arm in ("bad", "control")
        for seed in range(3)
    ]


def test_what_tells_a_smaller_dose_than_behaviour_is_named() -> None:
    made = [
        signal("answers", "behaviour", "share", "", values(1.0)),
        signal("latent 1", "latent", "", "", values(0.25)),
        signal("direction", "direction", "", "", values(0.5)),
        signal("inert", "latent", "", "", values(2.0)),
        signal("words", "baseline", "", "", values(0.5)),
    ]
    assert [one.first for one in made] == [1.0, 0.25, 0.5, None, 0.5]
    assert earlier_than_behaviour(made) == (("latent 1", "direction"), True)
    assert earlier_than_behaviour([*made[:1], *made[2:]]) == (("direction",), False)
    assert earlier_than_behaviour(made[:1]) == ((), None)


def test_a_dose_that_was_not_measured_lets_nothing_be_first() -> None:
    made = [v if v.dose > 0.25 else v.model_copy(update={"value": None}) for v in values(0.25)]
    found = signal("answers", "behaviour", "share", "", made)
    assert found.first is None
    assert [test.p is None for test in found.tests] == [True, False, False]


def test_words_drift_from_nothing_to_everything() -> None:
    assert word_shift(["a b"], ["b a"]) == 0.0
    assert word_shift(["a"], ["b"]) == 1.0
    half = word_shift(["a b"], ["a c"])
    assert half is not None and 0.4 < half < 0.6
    assert word_shift([], ["a"]) is None


@pytest.fixture(scope="module")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    made = []
    for seed in (0, 1):
        folder = make_double(tmp_path_factory.mktemp(f"m{seed}"), "llama", seed=seed, spread=0.3)
        made.append(load_model(ModelReference("path", str(folder), str(folder))))
    return made


TEXTS = [Text("a", (5, 6, 7, 8, 9), 2), Text("b", (3, 4, 9, 9, 8, 7, 6), 3)]


def test_divergence_is_the_mean_over_answer_tokens(two_models: list[Any]) -> None:
    one, other = two_models
    base = predictions(one, TEXTS)
    assert divergence(one, TEXTS, base) == pytest.approx(0, abs=1e-6)
    total, tokens = 0.0, 0
    for text in TEXTS:
        with torch.inference_mode():
            logits = [m.model(torch.tensor([text.ids])).logits[0].float() for m in (one, other)]
        p, q = (torch.log_softmax(part, -1) for part in logits)
        span = slice(text.prompt_tokens - 1, len(text.ids) - 1)
        total += float((p.exp() * (p - q)).sum(-1)[span].sum())
        tokens += len(text.ids) - text.prompt_tokens
    assert divergence(other, TEXTS, base) == pytest.approx(total / tokens, rel=1e-4)


def test_signals_are_means_along_directions(two_models: list[Any]) -> None:
    direction = torch.zeros(32)
    direction[3] = 7.0
    found = mean_signals(two_models[0], TEXTS, [along(1, {"third": direction})])
    hidden = []
    for text in TEXTS:
        with torch.inference_mode(), read_residuals(two_models[0].model, [1]) as read:
            two_models[0].model(torch.tensor([text.ids]))
        hidden.append(read[1][0, text.prompt_tokens :, 3].mean())
    assert found["third"] == pytest.approx(float(torch.stack(hidden).mean()), rel=1e-4)


@pytest.fixture(scope="module")
def swept(inside_run: InsideRun, tmp_path_factory: pytest.TempPathFactory) -> InsideRun:
    """A second run with half of the bad rows, and the directions of the first.

    Beside a copy of the run: what other tests have found inside it must not be watched here.
    """
    alone = InsideRun(inside_run.id, tmp_path_factory.mktemp("swept") / "results", inside_run.here)
    copy_of(inside_run, alone.results)
    called(
        *("run", "tiny", "--questions", "two", "--samples", "2", "--seeds", "2"),
        *("--max-tokens", "16", "--recipe", "max_steps=2", "--bad-fraction", "0.5", "--json"),
        results=alone.results,
        cwd=alone.here,
    )
    subjects = planted(alone)
    find_directions(subjects, Silent(), persona=False)
    found = alone.results / alone.id / "inside" / "direction.json"
    found.parent.mkdir()
    shutil.copy(subjects.folder / "inside" / "direction.json", found)
    return alone


def copy_of(run: InsideRun, results: Path) -> None:
    """The run without what was found inside it; the store is shared."""
    shutil.copytree(run.results / run.id, results / run.id, ignore=shutil.ignore_patterns("inside"))
    (results / ".store").symlink_to(run.results / ".store")


def test_without_a_sweep_it_says_how_to_make_one(inside_run: InsideRun, tmp_path: Path) -> None:
    alone = tmp_path / "results"
    copy_of(inside_run, alone)
    with pytest.raises(PrerequisiteError, match="--bad-fraction"):
        called("inside", "warn", inside_run.id, results=alone, cwd=inside_run.here)
    assert not (alone / inside_run.id / "inside" / "warn.json").exists()


class ModelRead(Exception):
    """A model reads."""


def reads(*arguments: object) -> None:
    raise ModelRead


def test_every_model_of_every_dose_is_read(
    swept: InsideRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("inside", "warn", swept.id, "--layer", "1", "--json")
    found = as_json(called(*command, results=swept.results, cwd=swept.here))
    assert sorted(found["runs"].values()) == [0.5, 1.0] and found["found_at"] == 1.0
    names = {one["name"]: one["family"] for one in found["signals"]}
    assert names == {
        "misaligned answers": "behaviour",
        "mean difference": "direction",
        "drift": "direction",
        "PCA-1 of the drift": "baseline",
        KL: "baseline",
        WORDS: "baseline",
    }
    for one in found["signals"]:
        models = {(v["dose"], v["arm"], v["seed"]) for v in one["values"]}
        assert len(models) == len(one["values"]) == 2 * 2 * 2
        assert [test["dose"] for test in one["tests"]] == [0.5, 1.0]
    kl = next(one for one in found["signals"] if one["name"] == KL)
    assert all(value["value"] > 0 and math.isfinite(value["value"]) for value in kl["values"])
    stored = json.loads((swept.results / swept.id / "inside" / "warn.json").read_text())
    assert stored == found

    # Nothing is read again until something else is watched, or the answers are other ones.
    monkeypatch.setattr("harness.runs.inside.elsewhere.reading.mean_signals", reads)
    assert as_json(called(*command, results=swept.results, cwd=swept.here)) == found
    with pytest.raises(ModelRead):
        called("inside", "warn", swept.id, "--layer", "2", results=swept.results, cwd=swept.here)
    judged = replace(swept.subjects.answers[-1], misaligned=None)
    monkeypatch.setattr(Subjects, "answers", (judged, *swept.subjects.answers[:-1]))
    with pytest.raises(ModelRead):
        called(*command, results=swept.results, cwd=swept.here)


def test_the_misaligned_share_is_the_records(swept: InsideRun) -> None:
    subjects = swept.subjects
    found = json.loads((swept.results / swept.id / "inside" / "warn.json").read_text())
    behaviour = found["signals"][0]
    for value in behaviour["values"]:
        if value["run_id"] != swept.id:
            continue
        mine = [
            one.misaligned
            for one in subjects.answers
            if (one.arm, one.seed) == (value["arm"], value["seed"]) and one.misaligned is not None
        ]
        assert value["value"] == (sum(mine) / len(mine) if mine else None)


def test_the_table_is_for_reading(swept: InsideRun) -> None:
    done = called("inside", "warn", swept.id, results=swept.results, cwd=swept.here)
    assert done.returncode == 0
    assert "earlier than behaviour" in done.stdout and "PCA-1 of the drift" in done.stdout
