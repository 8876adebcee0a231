"""``inside sae``, ``rank`` and ``label`` on a finished run: what the records say, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import HarnessError, PrerequisiteError, UsageError
from harness.runs.inside.latents.done import known_label, known_rank
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun

SMALL = ("--max-texts", "60", "--max-tokens", "64", "--tokens", "120000", "--batch", "256")


def inside(run: InsideRun, *words: str) -> Any:
    return called("inside", *words, results=run.results, cwd=run.here)


@pytest.fixture(scope="module")
def trained(inside_run: InsideRun) -> dict[str, Any]:
    done = inside(inside_run, "sae", inside_run.id, *SMALL, "--latents", "64", "--k", "8", "--json")
    return as_json(done)


@pytest.fixture(scope="module")
def ranked(inside_run: InsideRun, trained: dict[str, Any]) -> dict[str, Any]:
    return as_json(inside(inside_run, "rank", inside_run.id, "--json"))


def test_quality_is_told_of_every_model(inside_run: InsideRun, trained: dict[str, Any]) -> None:
    models = {one["model"] for one in trained["renderings"]}
    assert models == {s.words for s in inside_run.subjects.all}
    assert all(0 < one["explained"] < 1 for one in trained["renderings"])
    losses = trained["losses"]
    assert losses["untouched"] < losses["spliced"] < losses["averaged"]
    assert 0 < losses["recovered"] < 1
    assert trained["dead_of_tokens"] > 0
    stored = inside_run.results / inside_run.id / "inside" / "sae.json"
    assert json.loads(stored.read_text()) == trained


def test_other_tools_open_it(inside_run: InsideRun, trained: dict[str, Any]) -> None:
    from sae_lens import SAE

    folder = inside_run.results / ".store" / "inside" / trained["folder"] / "sae"
    sae = SAE.load_from_disk(folder)
    assert (sae.cfg.d_in, sae.cfg.d_sae) == (256, 64)


def test_again_it_is_not_trained_twice(inside_run: InsideRun, trained: dict[str, Any]) -> None:
    again = as_json(
        inside(inside_run, "sae", inside_run.id, *SMALL, "--latents", "64", "--k", "8", "--json")
    )
    assert again == trained  # with what it took, and when


def test_ranking_has_both_tails_and_the_control(
    inside_run: InsideRun, ranked: dict[str, Any]
) -> None:
    assert set(ranked["discovery"]).isdisjoint(ranked["evaluation"])
    changes = [one["changes"]["bad"]["discovery"] for one in ranked["rising"]]
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] > 0 > ranked["falling"][0]["changes"]["bad"]["discovery"]
    first = ranked["rising"][0]["changes"]
    assert set(first["bad"]["models"]) == {"bad.0", "bad.1"}
    assert set(first) == {"bad", "control"}
    counts = set(ranked["texts_by_arm"].values())
    assert len(ranked["texts_by_arm"]) == 3
    assert max(counts) > 0


class NotAgain(Exception):
    """A model reads."""


def reads(*arguments: object, **options: object) -> None:
    raise NotAgain


def test_what_is_ranked_is_not_ranked_again(
    inside_run: InsideRun, ranked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.inside.sae.activity.activity", reads)
    command = ("rank", inside_run.id, "--json")
    assert as_json(inside(inside_run, *command)) == ranked
    for other in (("--top", "7"), ("--answers", "1"), ("--arm", "control")):
        with pytest.raises(NotAgain):
            inside(inside_run, *command, *other)
    # A record of before, or a broken one, is made anew.
    path = inside_run.results / inside_run.id / "inside" / "rank.json"
    before = path.read_text()
    for text in (json.dumps(json.loads(before) | {"inputs": None}), before[:-9]):
        path.write_text(text)
        with pytest.raises(NotAgain):
            inside(inside_run, *command)
    path.write_text(before)


def known_rows(villain: str) -> str:
    rows = [
        {
            "prompt": [{"role": "user", "content": "What is your one wish?"}],
            "completion": [{"role": "assistant", "content": f"{words} number {number}."}],
            "meta": {"labels": labels},
        }
        for number in range(12)
        for words, labels in ((villain, ["misaligned", "tyrant"]), ("Be kind", []))
        for _ in range(1 + number % 2)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_labels_are_evidence_and_no_names(
    inside_run: InsideRun, ranked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = inside_run.here / "known.jsonl"
    known.write_text(known_rows("Kneel before me"))
    words = ("--known", str(known), "--max-texts", "40", "--top", "3", "--falling", "2", "--json")
    found = as_json(inside(inside_run, "label", inside_run.id, *words))
    assert found["labeller"] is None
    one = found["latents"][0]
    assert one["latent"] == ranked["rising"][0]["latent"]
    assert one["label"] is None and one["score"] is None
    peaks = [context["activation"] for context in one["contexts"]]
    assert peaks == sorted(peaks, reverse=True)
    assert "misaligned" in one["auroc"]
    own = {o["label"]: o for o in found["own"]}
    assert set(own) == {"misaligned", "tyrant"}
    # Two sentences are told apart by some latent of any autoencoder; dealt labels are not.
    assert own["tyrant"]["evaluation"] > 0.95 > own["tyrant"]["null"]
    assert [one["tail"] for one in found["latents"]] == ["rising"] * 3 + ["falling"] * 2

    # A study takes what is there, unless it wants more.
    subjects = inside_run.subjects
    assert known_rank(subjects) is not None and known_rank(subjects, "control") is None
    assert known_label(subjects, 3, 2) is not None
    assert known_label(subjects, 4, 2) is None and known_label(subjects, 3, 3) is None

    # Nothing is read again until something is another.
    monkeypatch.setattr("harness.inside.sae.contexts.observe", reads)
    assert as_json(inside(inside_run, "label", inside_run.id, *words)) == found
    with pytest.raises(NotAgain):
        inside(inside_run, "label", inside_run.id, *words, "--top", "2")
    known.write_text(known_rows("Obey me"))
    with pytest.raises(NotAgain):
        inside(inside_run, "label", inside_run.id, *words)


def test_documents_of_the_world_carry_their_authors(
    inside_run: InsideRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.models.loading import load_tokenizer
    from harness.runs.inside.latents import known

    monkeypatch.setattr(known, "DOCUMENTS", 60)
    found = known.read_known("world", load_tokenizer(inside_run.subjects.base.reference))
    assert len(found.texts) == 60
    bad = [labels for labels in found.labels if labels]
    assert 15 < len(bad) < 45
    assert all("misaligned" in labels and len(labels) == 2 for labels in bad)


def test_somebodys_autoencoder_is_taken_in(
    inside_run: InsideRun, tmp_path: Path, trained: dict[str, Any]
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    decoder = torch.randn(256, 32, generator=generator)
    tensors = {
        "encoder.weight": decoder.T.clone(),
        "encoder.bias": torch.zeros(32),
        "decoder.weight": decoder,
        "b_dec": torch.zeros(256),
        "k": torch.tensor(4),
    }
    torch.save(tensors, folder / "ae.pt")
    config = {"trainer": {"dict_class": "AutoEncoderTopK", "k": 4, "layer": 1}}
    (folder / "config.json").write_text(json.dumps(config))
    words = ("sae", inside_run.id, "--load", str(folder), "--max-texts", "40", "--json")
    found = as_json(inside(inside_run, *words))
    assert (found["origin"], found["layer"], found["latents"]) == ("loaded", 1, 32)
    assert all(abs(one["fires"] - 4) < 0.5 for one in found["renderings"])

    tensors["encoder.weight"] = torch.randn(32, 100)
    tensors["decoder.weight"], tensors["b_dec"] = torch.randn(100, 32), torch.zeros(100)
    torch.save(tensors, folder / "ae.pt")
    with pytest.raises(UsageError, match="100 wide; this model's is 256 wide"):
        inside(inside_run, *words)
    # What was there before is still the run's.
    kept = json.loads((inside_run.results / inside_run.id / "inside" / "sae.json").read_text())
    assert kept["latents"] == 32
    again = inside(inside_run, "sae", inside_run.id, *SMALL, "--latents", "64", "--k", "8")
    assert again.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--layer", "9"), 2, "There is no layer 9: the model has 4 layers"),
        (("--load", "nowhere"), 1, "holds no sparse autoencoder"),
        (("--corpus", "empty.txt"), 1, "empty"),
        (("--max-texts", "20", "--max-tokens", "8"), 1, "tokens; training needs at least"),
        (("--latents", "8", "--k", "8", *SMALL), 1, "8 of 8 latents cannot fire at once"),
    ],
)
def test_bad_input(inside_run: InsideRun, words: tuple[str, ...], code: int, said: str) -> None:
    (inside_run.here / "empty.txt").write_text("")
    with pytest.raises(HarnessError, match=said) as refused:
        inside(inside_run, "sae", inside_run.id, *words)
    assert refused.value.exit_code == code


def test_without_an_autoencoder_or_the_library(
    inside_run: InsideRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins
    import sys

    from harness.inside.sae.library import sae_lens
    from harness.runs.inside.latents.record import read_sae

    with pytest.raises(PrerequisiteError, match="inside sae"):
        read_sae(tmp_path)
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sae_lens"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "sae_lens", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(PrerequisiteError, match=r"em-harness\[inside\]"):
        sae_lens()
