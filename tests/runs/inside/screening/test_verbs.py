"""``inside screen`` and ``inside study`` as a user runs them, on a run of the miniature."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli.inside.screen import run_screen
from harness.errors import DataError, PrerequisiteError
from harness.runs.inside.ahead import NoHand
from harness.runs.inside.screening.choosing import Numbers
from harness.runs.inside.screening.measure import Options
from harness.runs.progress import Silent
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun

SMALL = ("--max-texts", "60", "--max-tokens", "64", "--tokens", "8000", "--batch", "256")
FEW = ("--top", "1", "--falling", "0", "--control", "1", "--matched", "1", "--random", "1")
NUMBERS, OPTIONS = Numbers(1, 0, 1, 1, 1), Options(samples=1, search_samples=1)


def inside(run: InsideRun, *words: str) -> Any:
    return called("inside", *words, results=run.results, cwd=run.here)


def asked(run: InsideRun) -> dict[str, int]:
    """Finished conditions in the store, with when they were written."""
    folder = run.results / ".store" / "inside" / "asked"
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.jsonl")}


def screen_file(run: InsideRun) -> Path:
    return run.results / run.id / "inside" / "screen.json"


@pytest.fixture(scope="module")
def alone(inside_run: InsideRun, tmp_path_factory: pytest.TempPathFactory) -> InsideRun:
    """The run by itself: other tests look inside it, too, and record siblings of it."""
    results = tmp_path_factory.mktemp("alone")
    (results / inside_run.id).mkdir()
    for name in ("run.json", "answers.jsonl.gz"):
        shutil.copy2(inside_run.results / inside_run.id / name, results / inside_run.id)
    adapters = Path(".store") / "adapters"
    shutil.copytree(inside_run.results / adapters, results / adapters)
    return InsideRun(inside_run.id, results, inside_run.here)


def test_without_a_ranking_it_says_what_comes_first(alone: InsideRun) -> None:
    with pytest.raises(PrerequisiteError, match="inside rank"):
        inside(alone, "screen", alone.id)
    assert not screen_file(alone).parent.exists()


@pytest.fixture(scope="module")
def ranked(alone: InsideRun) -> InsideRun:
    inside(alone, "sae", alone.id, *SMALL, "--latents", "64", "--k", "8", "--json")
    as_json(inside(alone, "rank", alone.id, "--json"))
    return alone


class Stops(Silent):
    """A user who loses patience."""

    def __init__(self, after: int) -> None:
        """Interrupt after so many conditions."""
        self._left = after

    def advance(self, done: int, detail: str = "") -> None:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt


def test_a_killed_screen_goes_on_and_the_record_is_whole_or_absent(ranked: InsideRun) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_screen(ranked.subjects, NUMBERS, OPTIONS, Stops(7), NoHand())
    assert not screen_file(ranked).exists()
    before = asked(ranked)
    assert len(before) >= 7
    first = run_screen(ranked.subjects, NUMBERS, OPTIONS, Silent(), NoHand())
    after = asked(ranked)
    assert {name: after[name] for name in before} == before
    again = run_screen(ranked.subjects, NUMBERS, OPTIONS, Silent(), NoHand())
    assert asked(ranked) == after
    assert again.candidates == first.candidates and again.nulls == first.nulls


def test_the_record_says_what_was_tested_and_how(ranked: InsideRun) -> None:
    words = ("screen", ranked.id, *FEW, "--samples", "1", "--search-samples", "1", "--json")
    found = as_json(inside(ranked, *words))
    assert found == json.loads(screen_file(ranked).read_text())
    kinds = [one["kind"] for one in found["candidates"]]
    assert kinds == ["latent", "control latent", "matched latent", "random direction"]
    assert set(found["discovery"]).isdisjoint(found["evaluation"])
    assert found["seeds"] == [0, 1] and found["nulls"]["induce"]["count"] == 2
    for one in found["candidates"]:
        for side, whom in (("induce", "base"), ("repair", "bad")):
            assert one[side]["steered"] == whom and one[side]["search"]
            for dose in one[side]["curve"]:
                norms = dose["strength"] / found["residual_norm"]
                assert dose["residual_norms"] == pytest.approx(norms)
                if one["own_unit"]:
                    own = dose["strength"] / one["own_unit"]
                    assert dose["own_units"] == pytest.approx(own)


def test_a_study_does_every_step_and_writes_its_page(ranked: InsideRun) -> None:
    words = ("study", ranked.id, "--top", "1", "--samples", "1", "--json")
    found = as_json(inside(ranked, *words))
    page = ranked.results / ranked.id / "inside" / "study.html"
    assert Path(found["html"]) == page and page.is_file()
    assert found["headline"].startswith("Of the 1 latent that bad training moved most")
    assert {"sae", "rank", "screen", "label"} <= found["seconds"].keys()
    # The run has no misaligned answers, no sibling and no sweep: named, and no reason to stop.
    assert {"direction", "warn"} <= found["skipped"].keys()
    inside_folder = ranked.results / ranked.id / "inside"
    assert {"sae.json", "rank.json", "screen.json", "label.json"} <= {
        path.name for path in inside_folder.iterdir()
    }


def test_a_study_keeps_what_was_found_before(ranked: InsideRun) -> None:
    """Labels that somebody had a model write are not written over."""
    folder = ranked.results / ranked.id / "inside"
    for name in ("rank.json", "label.json"):  # made with other options than a study's
        other = json.loads((folder / name).read_text()) | {"inputs": "0" * 64}
        (folder / name).write_text(json.dumps(other))
    before = {name: (folder / name).read_text() for name in ("rank.json", "label.json")}
    as_json(inside(ranked, "study", ranked.id, "--top", "1", "--samples", "1", "--json"))
    assert {name: (folder / name).read_text() for name in before} == before


def test_a_study_misses_what_it_needs_before_it_begins(
    ranked: InsideRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = sys.modules["harness.cli.inside.study"]  # its package has the verb by that name
    monkeypatch.setattr(study, "_direction", lambda *_: pytest.fail("the work has begun"))
    with pytest.raises(DataError, match="no such file"):
        inside(ranked, "study", ranked.id, "--corpus", "/nowhere.txt")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "sae_lens", None)
    with pytest.raises(PrerequisiteError, match="sae-lens"):
        inside(ranked, "study", ranked.id, "--corpus", "world")
