from __future__ import annotations

import gzip
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import PrerequisiteError, RecordError
from harness.runs.bundle import MANIFEST, write_bundle
from harness.runs.evidence import evidence_of_run
from harness.runs.raw import RAW, unpack
from harness.runs.record import AdapterRecord, write_record
from harness.runs.unbundle import evidence_of_bundle
from harness.runs.verify import verify
from tests.runs.made import made_run

INPUTS = "abcdef0123456789"
WEIGHTS = b"\0" * 5000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one trained adapter in the store."""
    results = tmp_path_factory.mktemp("results")
    record = made_run(results)
    place = results / ".store" / "adapters" / INPUTS
    (place / "adapter").mkdir(parents=True)
    (place / "adapter" / "adapter_model.safetensors").write_bytes(WEIGHTS)
    (place / "adapter" / "adapter_config.json").write_text("{}")
    adapter = AdapterRecord(
        seed=0, inputs=INPUTS, sha256=SHA256, steps=3, rows=4, tokens=5, first_loss=2, last_loss=1
    )
    training = {
        "inputs_hash": INPUTS,
        "adapter_sha256": SHA256,
        "losses": [2.0, 1.0],
        "recipe": record.spec.recipe.model_dump(mode="json") if record.spec.recipe else None,
    } | {"seed": 0, "steps": 3, "rows": 4, "tokens": 5}
    (place / "training.json").write_text(json.dumps(training))
    bad = record.arms["bad"].model_copy(update={"adapters": [adapter]})
    changed = record.model_copy(update={"arms": record.arms | {"bad": bad}})
    write_record(results / record.run_id, changed)
    return results / record.run_id


def _entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_a_bundle_is_the_run_again(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip", adapters=True)
    evidence, differing = evidence_of_bundle(tmp_path / "b.zip")
    assert not differing
    own = evidence_of_run(folder)
    assert (evidence.record, evidence.raw, evidence.folder) == (own.record, own.raw, own.folder)
    assert evidence.trainings == own.trainings and evidence.adapters == own.adapters
    assert verify(evidence).verified
    assert evidence.adapters == {("bad", 0): SHA256}


def test_other_weights_than_the_recorded_ones_are_named(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip", adapters=True)
    entries = _entries(tmp_path / "b.zip")
    entries[f"{folder.name}/adapters/bad-0/adapter_model.safetensors"] = b"other weights"
    evidence, differing = evidence_of_bundle(_zip(tmp_path / "c.zip", entries))
    assert "adapter_model.safetensors is not the file" in differing[0]
    assert "weights are not those" in verify(evidence).problems[0]


def test_unpacked_in_a_results_folder_it_is_verified(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path / "results")
    assert verify(evidence_of_run(tmp_path / "results" / folder.name)).verified


def test_equal_runs_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write_bundle(folder, tmp_path / name, adapters=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_without_texts_no_text_is_left_and_it_is_verified(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip", texts=False)
    entries = _entries(tmp_path / "b.zip")
    raw = gzip.decompress(entries[f"{folder.name}/{RAW}"])
    for probe in unpack((folder / RAW).read_bytes(), "x"):
        for row in (*probe.answers, *probe.in_domain):
            assert json.dumps(row["answer"], ensure_ascii=False).encode() not in raw
    assert verify(evidence_of_bundle(tmp_path / "b.zip")[0]).verified


def test_what_is_missing_is_told(folder: Path, tmp_path: Path) -> None:
    lone = tmp_path / folder.name
    lone.mkdir()
    (lone / "run.json").write_bytes((folder / "run.json").read_bytes())
    with pytest.raises(RecordError, match=r"raw answers of .* are not on this machine"):
        write_bundle(lone, tmp_path / "b.zip")
    (lone / RAW).write_bytes((folder / RAW).read_bytes())
    with pytest.raises(PrerequisiteError, match="adapter"):
        write_bundle(lone, tmp_path / "b.zip", adapters=True)
    with pytest.raises(PrerequisiteError, match="cannot be written"):
        write_bundle(folder, tmp_path / folder.name / "run.json" / "b.zip")
    assert not list(tmp_path.glob("*.zip")) and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run.json", "run.json is not the file whose hash"),
        (RAW, f"{RAW} is not the file whose hash"),
        ("trainings/bad-0.json", "trainings/bad-0.json is not the file"),
    ],
)
def test_a_changed_file_differs_from_the_manifest(
    name: str, words: str, folder: Path, tmp_path: Path
) -> None:
    write_bundle(folder, tmp_path / "b.zip")
    entries = _entries(tmp_path / "b.zip")
    entries[f"{folder.name}/{name}"] += b"\n"
    _, differing = evidence_of_bundle(_zip(tmp_path / "c.zip", entries))
    assert len(differing) == 1 and differing[0].startswith(words)


def test_files_beside_the_manifest_are_named(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip")
    entries = _entries(tmp_path / "b.zip")
    del entries[f"{folder.name}/trainings/bad-0.json"]
    entries[f"{folder.name}/trainings/bad-7.json"] = b"{}"
    _, differing = evidence_of_bundle(_zip(tmp_path / "c.zip", entries))
    assert differing == [
        "trainings/bad-0.json is in the manifest, but not in the bundle",
        "trainings/bad-7.json is in the bundle, but not in the manifest",
    ]


def _add(name: str, content: bytes = b"x") -> Callable[[zipfile.ZipFile], None]:
    return lambda archive: archive.writestr(name, content)


def _link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("r/trainings/bad-0.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def _twice(archive: zipfile.ZipFile) -> None:
    archive.writestr("r/run.json", "{}")
    archive.writestr("r/run.json", "{}")


def _bomb(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("r/run.json")
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, b"0" * 5_000_000)


def _many(archive: zipfile.ZipFile) -> None:
    for number in range(1001):
        archive.writestr(f"r/trainings/bad-{number}.json", "")


def _two(archive: zipfile.ZipFile) -> None:
    archive.writestr("r/run.json", "{}")
    archive.writestr("s/run.json", "{}")


HOSTILE: dict[str, tuple[Callable[[zipfile.ZipFile], None], str]] = {
    "empty": (lambda archive: None, "is empty"),
    "parent": (_add("../run.json"), "no file of a bundle"),
    "deep parent": (_add("r/../../run.json"), "no file of a bundle"),
    "parent in a name": (_add("r/trainings/../../x-0.json"), "no file of a bundle"),
    "absolute": (_add("/etc/passwd"), "no file of a bundle"),
    "drive": (_add("C:\\run.json"), "no file of a bundle"),
    "dot folder": (_add("../../r/run.json"), "no file of a bundle"),
    "dots as folder": (_add("../r.json"), "no file of a bundle"),
    "strange file": (_add("r/setup.py"), "no file of a bundle"),
    "pickle": (_add("r/adapters/bad-0/adapter_model.bin"), "no file of a bundle"),
    "terminal escape": (_add("r/\x1b[2J.json"), "no file of a bundle"),
    "link": (_link, "no regular file"),
    "twice": (_twice, "twice"),
    "bomb": (_bomb, "unpacks like a bomb"),
    "many": (_many, "1001 files"),
    "two runs": (_two, "more than one run"),
    "no record": (_add("r/manifest.json", b"{}"), "holds no run.json"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_refused(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        make(archive)
    with pytest.raises(RecordError, match=words):
        evidence_of_bundle(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_size_that_lies_is_refused(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip")
    data = bytearray((tmp_path / "b.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        size = archive.getinfo(f"{folder.name}/{RAW}").file_size
    place = data.rindex(size.to_bytes(4, "little"))
    data[place : place + 4] = (size - 1).to_bytes(4, "little")
    (tmp_path / "c.zip").write_bytes(data)
    with pytest.raises(RecordError):
        evidence_of_bundle(tmp_path / "c.zip")


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    """Many names for the same packed bytes: small on disk, large in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("r/run.json", b"{" + b" " * 100_000 + b"}")
        first = archive.infolist()[0]
        for number in range(50):
            twin = zipfile.ZipInfo(f"r/trainings/bad-{number}.json")
            twin.header_offset, twin.CRC = first.header_offset, first.CRC
            twin.file_size = twin.compress_size = first.file_size
            archive.filelist.append(twin)
        archive._didModify = True  # type: ignore[attr-defined]
    (tmp_path / "b.zip").write_bytes(out.getvalue())
    with pytest.raises(RecordError, match="overlap"):
        evidence_of_bundle(tmp_path / "b.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all" * 10])
def test_what_is_no_zip_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(RecordError, match="not a bundle that can be read"):
        evidence_of_bundle(tmp_path / "b.zip")
    with pytest.raises(RecordError, match="There is no bundle"):
        evidence_of_bundle(tmp_path / "none.zip")


def test_a_newer_bundle_is_named(folder: Path, tmp_path: Path) -> None:
    write_bundle(folder, tmp_path / "b.zip")
    entries = _entries(tmp_path / "b.zip")
    manifest = json.loads(entries[f"{folder.name}/{MANIFEST}"])
    entries[f"{folder.name}/{MANIFEST}"] = json.dumps(manifest | {"bundle_version": 2}).encode()
    with pytest.raises(RecordError, match="newer version"):
        evidence_of_bundle(_zip(tmp_path / "c.zip", entries))
