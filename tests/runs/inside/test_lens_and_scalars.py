"""``inside lens`` and ``inside scalars`` as a user runs them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from harness.errors import UsageError
from harness.inside.texts import Text
from harness.runs.inside.scalars import _compared
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun


def seen(run: InsideRun, verb: str, *options: str) -> dict[str, Any]:
    done = called("inside", verb, run.id, *options, "--json", results=run.results, cwd=run.here)
    found = as_json(done)
    path = run.results / run.id / "inside" / f"{verb}.json"
    assert json.loads(path.read_text()) == found
    return found


def test_every_layer_of_every_arm_is_read_out(inside_run: InsideRun) -> None:
    found = seen(inside_run, "lens", "--layers", "0,3")
    assert (found["questions"], found["depth"]) == (2, 4)
    assert found["seeds"] == {"bad": 2, "control": 2}
    for layers in found["arms"].values():
        assert [one["layer"] for one in layers] == [0, 3]
        for one in layers:
            assert one["divergence"]["value"] >= 0 and one["random"]["value"] >= 0
            assert one["divergence"]["n"] == 4 and one["moved"] > 0
            changes = [shift["tuned"] - shift["base"] for shift in one["risen"]]
            assert changes == sorted(changes, reverse=True) and changes[0] > 0


def test_the_last_layer_is_what_the_models_say(inside_run: InsideRun) -> None:
    from harness.sampling.encoding import encode_chat

    (last,) = seen(inside_run, "lens", "--layers", "3", "--arm", "bad")["arms"]["bad"]
    subjects = inside_run.subjects
    texts = list(dict.fromkeys(one.text for one in subjects.answers))
    values = []
    for subject in subjects.of("bad"):
        for text in texts:
            said = []
            for loaded in (subject.load(), subjects.base.load()):
                ids = torch.tensor([encode_chat(loaded.tokenizer, [("user", text)])])
                with torch.inference_mode():
                    said.append(loaded.model(ids).logits[0, -1].log_softmax(-1))
            values.append(float((said[0].exp() * (said[0] - said[1])).sum()))
    assert last["divergence"]["value"] == pytest.approx(np.mean(values), rel=0.05, abs=1e-6)


def test_the_lens_table_is_printed(inside_run: InsideRun) -> None:
    options = ("lens", inside_run.id, "--layers", "middle")
    done = called("inside", *options, results=inside_run.results, cwd=inside_run.here)
    assert "KL to base" in done.stdout and "2 questions" in done.stdout


def test_every_adapted_layer_has_its_part(inside_run: InsideRun) -> None:
    found = seen(inside_run, "scalars", "--parts", "2")
    (first, second) = found["arms"]["bad"]
    assert (first["seed"], second["seed"]) == (0, 1)
    modules = {part["module"] for part in first["parts"]}
    assert len(first["parts"]) == 2 * len(modules) and len(modules) % 4 == 0
    # Four answers of a seed are too few to compare; nothing is made up.
    assert "are needed" in first["note"] and first["null_95"] is None
    assert all(part["discovery"] is None for part in first["parts"])
    assert first["answers"] == 4 and first["parts"][0]["driven_by"][0]["token"]


def test_what_has_no_adapter_is_refused(inside_run: InsideRun) -> None:
    with pytest.raises(UsageError, match="carries no adapter"):
        seen(inside_run, "scalars", "--arm", "base")
    with pytest.raises(UsageError, match="no layer 4"):
        seen(inside_run, "lens", "--layers", "4")


def test_a_part_that_fires_on_misaligned_answers_comes_out_on_both_halves() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(200) < 0.4
    texts = [
        Text(
            f"{n}",
            (1, 2),
            1,
            question=f"q{n % 8}",
            split="discovery" if n % 8 < 4 else "evaluation",
        )
        for n in range(200)
    ]
    means = rng.normal(size=(200, 12))
    means[:, 7] -= 2 * labels  # fires against its sign
    means[:, 3] += [3 * (n % 8) for n in range(200)]  # tells questions apart, not answers
    note, null, scores = _compared(texts, means, labels, 0)
    assert note is None and null is not None
    assert scores[7][0] < 0.15 and scores[7][1] is not None and scores[7][1] > 0.85
    assert abs(scores[7][0] - 0.5) > null
    assert max(abs(score - 0.5) for n, (score, _) in scores.items() if n != 7) < null + 0.05
