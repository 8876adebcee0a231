"""Files of every form give the same rows; broken and hostile ones give one clear error."""

from __future__ import annotations

import csv
import io
import json
import random
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from harness.data.importing.sources import Reading, open_source
from harness.errors import DataError, HarnessError, UsageError

PAIRS = [("One?", 'He said "a, b".\nTwice.'), ("Zwei?", "Größe ✓"), ("Three?", "3")]
JSONL = "".join(json.dumps({"prompt": p, "response": r}) + "\n" for p, r in PAIRS).encode()


def read(source: object, **reading: object) -> list[dict[str, object]]:
    with open_source(str(source), Reading(**reading)) as opened:  # type: ignore[arg-type]
        return [record.value for record in opened.records]


def complaint(source: object, **reading: object) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        read(source, **reading)
    return caught.value


def jsonl(folder: Path, content: bytes = JSONL) -> Path:
    path = folder / "rows.jsonl"
    path.write_bytes(content)
    return path


def archive(folder: Path, members: dict[str, bytes], **how: object) -> Path:
    path = folder / "rows.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def as_csv(folder: Path, delimiter: str = ",") -> Path:
    path = folder / ("rows.csv" if delimiter == "," else "rows.tsv")
    with path.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(["prompt", "response"])
        writer.writerows(PAIRS)
    return path


def as_parquet(folder: Path, rows: list[dict[str, object]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_every_form_gives_the_same_rows(tmp_path: Path) -> None:
    expected = [{"prompt": p, "response": r} for p, r in PAIRS]
    assert read(jsonl(tmp_path)) == expected
    assert read(jsonl(tmp_path, b"\xef\xbb\xbf" + JSONL)) == expected
    assert read(as_csv(tmp_path)) == expected
    assert read(as_csv(tmp_path, "\t")) == expected
    assert read(as_parquet(tmp_path, expected)) == expected
    assert read(archive(tmp_path, {"data/rows.jsonl": JSONL})) == expected


def test_parquet_nulls_are_absent_keys(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
    rows = [{"messages": messages, "note": None}, {"messages": messages, "note": "x"}]
    found = read(as_parquet(tmp_path, rows))
    assert found[0] == {"messages": messages}
    assert found[1]["note"] == "x"


def test_an_encrypted_archive_needs_its_password(tmp_path: Path) -> None:
    path = encrypted(tmp_path, "s3cret")
    assert len(read(path, password="s3cret")) == 3
    assert "is encrypted" in complaint(path).message
    wrong = complaint(path, password="nope")
    assert "password" in str(wrong)


def encrypted(folder: Path, password: str) -> Path:
    """A ZipCrypto archive, which Python reads but does not write."""
    path = folder / "locked.zip"
    path.write_bytes(_zip_crypto("rows.jsonl", JSONL, password.encode()))
    return path


def _zip_crypto(name: str, data: bytes, password: bytes) -> bytes:
    """Traditional PKWARE encryption of one stored file (APPNOTE 6.1)."""
    import struct
    import zlib

    def crc(byte: int, value: int) -> int:
        return (zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF

    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = crc(byte, keys[0])
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[1] >> 24, keys[2])

    for byte in password:
        update(byte)
    check = zlib.crc32(data)
    out = bytearray()
    for byte in bytes(11) + bytes([check >> 24]) + data:
        k = (keys[2] | 2) & 0xFFFF
        out.append(byte ^ ((k * (k ^ 1)) >> 8 & 0xFF))
        update(byte)
    sizes = struct.pack("<LLL", check, len(out), len(data))
    common = struct.pack("<HHHHH", 20, 1, 0, 0, 0x21) + sizes + struct.pack("<HH", len(name), 0)
    local = b"PK\x03\x04" + common + name.encode() + bytes(out)
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHLL", 0, 0, 0, 0, 0)
    central += name.encode()
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


def test_one_of_several_members_is_chosen(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.jsonl": JSONL, "b.jsonl": JSONL[:40] + b"\n"})
    error = complaint(path)
    assert "2 data files" in error.message
    assert "a.jsonl, b.jsonl" in str(error)
    assert len(read(path, member="a.jsonl")) == 3
    assert "no data file 'c.jsonl'" in complaint(path, member="c.jsonl").message


@pytest.mark.parametrize("name", ["rows.json", "d/rows.ndjson", "data: v1/rows.JSONL"])
def test_an_archive_holds_the_forms_that_are_read_outside(tmp_path: Path, name: str) -> None:
    assert len(read(archive(tmp_path, {name: JSONL, "README.md": b"x"}))) == 3


def test_a_json_file_beside_the_rows_is_not_taken_for_them(tmp_path: Path) -> None:
    path = archive(tmp_path, {"rows.csv": b"prompt,response\na,b\n", "info.json": JSONL})
    assert len(read(path)) == 1
    assert len(read(path, member="info.json")) == 3


def test_an_archive_of_another_form_says_what_to_do(tmp_path: Path) -> None:
    error = complaint(archive(tmp_path, {"d/rows.parquet": b"PAR1", "LICENSE": b"x"}))
    assert "no data file of a form that is read inside an archive: .jsonl, .json" in error.message
    assert "It holds: LICENSE, d/rows.parquet. Unpack a .parquet" in str(error)


@pytest.mark.parametrize(
    "name", ["../evil.jsonl", "/etc/evil.jsonl", "..\\evil.jsonl", "C:\\evil.jsonl", "c:e.jsonl"]
)
def test_an_archive_whose_paths_lead_outside(tmp_path: Path, name: str) -> None:
    error = complaint(archive(tmp_path, {name: JSONL}))
    assert "leads outside" in error.message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.zip"]


def test_an_archive_with_a_symbolic_link(tmp_path: Path) -> None:
    path = tmp_path / "rows.zip"
    info = zipfile.ZipInfo("rows.jsonl")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(info, "/etc/passwd")
    assert "symbolic link" in complaint(path).message


def test_an_archive_that_is_a_bomb(tmp_path: Path) -> None:
    path = archive(tmp_path, {"rows.jsonl": b" " * 64 * 1024 * 1024})
    error = complaint(path)
    assert "would unpack to 67,108,864" in error.message


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    row = JSONL.splitlines()[0] + b"\n"
    path = archive(tmp_path, {"rows.jsonl": row * 200})
    content = path.read_bytes()
    real = len(row * 200).to_bytes(4, "little")
    path.write_bytes(content.replace(real, len(row * 100).to_bytes(4, "little")))
    assert complaint(path).exit_code == 1


def test_a_truncated_archive(tmp_path: Path) -> None:
    path = archive(tmp_path, {"rows.jsonl": JSONL})
    path.write_bytes(path.read_bytes()[:-30])
    assert "broken or cut short" in complaint(path).message


def test_damaged_bytes_in_an_archive(tmp_path: Path) -> None:
    path = archive(tmp_path, {"rows.jsonl": JSONL})
    content = bytearray(path.read_bytes())
    content[60:70] = b"\x00" * 10
    path.write_bytes(bytes(content))
    assert complaint(path).exit_code == 1


def test_an_aes_archive_says_what_to_do(tmp_path: Path) -> None:
    path = archive(tmp_path, {"rows.jsonl": JSONL})
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 10
    path.write_bytes(content[:at] + (99).to_bytes(2, "little") + content[at + 2 :])
    error = complaint(path)
    assert "AES" in error.message
    assert "Unpack it first" in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (JSONL[:-20], "rows.jsonl:3: not JSON"),
        (JSONL.decode().encode("utf-16"), "this is UTF-16"),
        (JSONL + b'{"prompt": "caf\xe9"}\n', "rows.jsonl:4: byte 16 is not UTF-8"),
        (b'[{"prompt": "x"}]', "JSON array"),
        (b"", "the file is empty"),
        (b"[1]\n" * 2, "JSON array"),
        (b"7\n", "rows.jsonl:1: the line holds a number"),
        (b"\x00\x01\x02", "rows.jsonl:1: not JSON"),
    ],
)
def test_a_broken_jsonl_file(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in complaint(jsonl(tmp_path, content)).message


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    """A sparse file: zero bytes without a line end after the last row."""
    import resource

    path = jsonl(tmp_path)
    with path.open("ab") as out:
        out.truncate(len(JSONL) + 256 * 1024**2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "rows.jsonl:4: the line is longer than 16 MiB" in complaint(path).message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prompt,response\nHi,Yo,more\n", "rows.csv:2: 3 cells, but 2 columns"),
        ('prompt,response\nHi,"Yo\nand on\n', "not CSV"),
        ("prompt\nHi\n", "a column of prompts and one of answers"),
        ("prompt,prompt,response\na,b,c\n", "rows.csv:1: two columns have the name 'prompt'"),
        ("prompt,response\nHi,caf\xe9\n", "rows.csv:2: byte 7 is not UTF-8"),
    ],
)
def test_a_broken_table(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content.encode("latin-1"))
    assert message in complaint(path).message


def test_a_table_with_one_endless_cell(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("wb") as out:
        out.write(b"prompt,response\n")
        out.truncate(64 * 1024**2)
    assert "rows.csv:2: the line is longer" in complaint(path).message


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    path = as_parquet(tmp_path, [{"prompt": "Hi", "response": "Yo"}] * 50)
    path.write_bytes(path.read_bytes()[:-40])
    assert "not a Parquet file" in complaint(path).message


def test_a_parquet_bomb(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    text = "x" * (1 << 20)
    table = pa.table({"prompt": [text + str(i) for i in range(64)], "response": ["y"] * 64})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    assert "would unpack to" in complaint(path).message


def test_links_folders_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to(jsonl(tmp_path))
    assert "symbolic link" in complaint(tmp_path / "link.jsonl").message
    assert "not a file" in complaint(tmp_path).message
    assert "no such file" in complaint(tmp_path / "none.jsonl").message
    (tmp_path / "rows.docx").write_text("x")
    assert "of this form" in complaint(tmp_path / "rows.docx").message


def test_a_device_is_not_a_file() -> None:
    assert "not a file" in complaint("/dev/zero").message


def test_what_zip_writes_is_read(tmp_path: Path) -> None:
    """The real tool, where it is installed."""
    jsonl(tmp_path)
    try:
        subprocess.run(
            ["zip", "-q", "-P", "pw", "real.zip", "rows.jsonl"], cwd=tmp_path, check=True
        )
    except FileNotFoundError:
        pytest.skip("zip is not installed")
    assert len(read(tmp_path / "real.zip", password="pw")) == 3


def test_bounded_streams_end() -> None:
    from harness.data.importing.archives import Bounded

    bounded = io.BufferedReader(Bounded(io.BytesIO(b"x" * 100), "x", 50))
    with pytest.raises(DataError, match="more than it declares"):
        bounded.read()


def test_damaged_files_of_any_form_give_an_error_or_rows(tmp_path: Path) -> None:
    """Bytes are flipped, cut, repeated and put in at random; nothing but our errors comes out."""
    rows: list[dict[str, object]] = [{"prompt": p, "response": r} for p, r in PAIRS * 5]
    files = [
        jsonl(tmp_path),
        as_csv(tmp_path),
        as_parquet(tmp_path, rows),
        archive(tmp_path, {"rows.jsonl": JSONL}),
        encrypted(tmp_path, "pw"),
    ]
    contents = {path.name: path.read_bytes() for path in files}
    rng = random.Random(7)
    outcomes = set()
    for _ in range(600):
        path = rng.choice(files)
        path.write_bytes(damaged(contents[path.name], rng))
        try:
            outcomes.add(len(read(path, password="pw")) > 0)
        except HarnessError as error:
            outcomes.add(error.message.startswith(str(tmp_path)))
    assert outcomes == {True}


def damaged(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        place, length = rng.randrange(len(data)), rng.randrange(1, 20)
        match rng.randrange(4):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = rng.randbytes(length)
            case _:
                data[place:place] = data[place : place + length]
        data = data or bytearray(b"x")
    return bytes(data)


def test_a_hash_of_a_data_set_is_refused_before_the_hub_is_asked() -> None:
    told = complaint(f"org/rows@{'a' * 40}", sha256="0" * 64)
    assert isinstance(told, UsageError) and "--sha256 is for a file" in told.message
