"""What was seen inside travels in a bundle and is held to its form, its run and its counts."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.runs.bundle import write_bundle
from harness.runs.evidence import evidence_of_run
from harness.runs.inside.latents.record import SaeRecord
from harness.runs.inside.records import write_side
from harness.runs.unbundle import evidence_of_bundle
from harness.runs.verify import verify
from harness.runs.verify_inside import check_inside
from tests.board.site.studies import screen_record
from tests.runs.made import made_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A run with a screen of its inside, and the bytes of that."""
    results = tmp_path_factory.mktemp("results")
    run = made_run(results)
    folder = results / run.run_id
    write_side(folder, "screen.json", screen_record(run_id=run.run_id))
    (folder / "inside" / "study.html").write_text("<p>made from the records</p>")
    return folder, (folder / "inside" / "screen.json").read_bytes()


def test_a_bundle_carries_it_and_its_shares_are_counted_again(
    made: tuple[Path, bytes], tmp_path: Path
) -> None:
    folder, content = made
    files = write_bundle(folder, tmp_path / "b.zip").files
    assert "inside/screen.json" in files and "inside/study.html" not in files
    evidence, differing = evidence_of_bundle(tmp_path / "b.zip")
    assert not differing and evidence.inside == {"screen.json": content}
    found = verify(evidence)
    assert found.verified, found.problems
    assert any("of its inside, 1 record and" in note for note in found.notes)
    without = write_bundle(folder, tmp_path / "c.zip", texts=False).files
    assert not any(name.startswith("inside/") for name in without)


def _first_share(data: Any) -> dict[str, Any]:
    if isinstance(data, dict) and {"rate", "count", "of"} <= data.keys():
        return data
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return next((found for part in parts if (found := _first_share(part))), {})


def _set(data: dict[str, Any], **changes: Any) -> None:
    _first_share(data).update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: _set(data, rate=0.987, low=0.9, high=1.0), "gives 0.987 for"),
        (lambda data: _set(data, low=0.99, high=1.0), "interval"),
        (lambda data: data.update(run_id="another"), "is of run 'another'"),
        (lambda data: data.pop("judge"), "is not a record of this version: judge"),
    ],
)
def test_what_was_tampered_with_is_found_and_not_bundled(
    made: tuple[Path, bytes], tmp_path: Path, change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    folder, content = made
    path = folder / "inside" / "screen.json"
    data = json.loads(content)
    change(data)
    path.write_text(json.dumps(data))
    try:
        found = verify(evidence_of_run(folder))
        assert not found.verified and words in found.problems[0], found.problems
        with pytest.raises(RecordError, match=r"inside/screen\.json"):
            write_bundle(folder, tmp_path / "b.zip")
        assert not (tmp_path / "b.zip").exists()
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("value", ["0.5", [], 10**400])
def test_a_free_field_of_a_stranger_cannot_break_the_check(value: Any) -> None:
    share = {"rate": value, "low": None, "high": None, "count": 1, "of": 2}
    losses = dict.fromkeys(("untouched", "spliced", "averaged", "recovered"), 1.0) | {"tokens": 1}
    record = SaeRecord(
        **dict.fromkeys(("run_id", "folder", "architecture", "finished"), "x"),
        **dict.fromkeys(("layer", "width", "latents", "dead", "dead_of_tokens"), 1),
        **dict.fromkeys(("source", "settings", "trained_tokens", "distinct_tokens", "seed")),
        **{"origin": "loaded", "corpus": {"share": share}, "renderings": (), "losses": losses},
        **{"seconds": {}, "versions": {}},
    )
    found = check_inside({"sae.json": json.dumps(record.model_dump()).encode()}, "x")
    assert found.problems == ("inside/sae.json.corpus.share: holds something other than numbers",)


def test_another_file_in_its_place_is_refused(made: tuple[Path, bytes], tmp_path: Path) -> None:
    write_bundle(made[0], tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive:
        archive.writestr(f"{made[0].name}/inside/study.html", "<script>")
    with pytest.raises(RecordError, match="no file of a bundle"):
        evidence_of_bundle(tmp_path / "b.zip")
