"""Every foreign file is listed with its package, version, licence and hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.board.site import html

OURS = Path(html.__file__).parent / "vendor"
TESTS = Path(__file__).parent / "vendor"
LICENCES = {"MIT", "BSD-3-Clause", "OFL-1.1", "MPL-2.0"}


@pytest.mark.parametrize("folder", [OURS, TESTS], ids=["site", "tests"])
def test_manifest_lists_exactly_what_is_there(folder: Path) -> None:
    listed = json.loads((folder / "MANIFEST.json").read_text())["files"]
    texts = {entry["licence_file"] for entry in listed}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == {entry["file"] for entry in listed} | texts | {"MANIFEST.json"}
    for entry in listed:
        data = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], entry["file"]
        assert entry["licence"] in LICENCES and entry["version"] and entry["package"]
        assert "Permission" in (text := (folder / entry["licence_file"]).read_text()) or (
            "Redistribution" in text or "Mozilla Public License" in text
        )


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*(OURS.parent / "assets").iterdir(), OURS.parent / "page.html"]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "//cdn" not in text, path.name
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text, path.name
        assert "eval(" not in text and "new Function" not in text, path.name


def test_the_whole_stays_small() -> None:
    size = sum(p.stat().st_size for folder in (OURS, TESTS) for p in folder.rglob("*"))
    assert size < 3 * 2**20
