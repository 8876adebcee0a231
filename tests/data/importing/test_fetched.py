"""What comes from an address or a data set is pinned, and complains in one clear sentence."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.data.importing.sources import Reading, open_source
from harness.errors import PrerequisiteError, UsageError
from tests.data.importing.test_sources import JSONL, complaint, jsonl, read


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server on this machine that serves ``tmp_path``."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(tmp_path), **kwargs)  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_an_address_is_read_if_its_content_is_pinned(tmp_path: Path, server: str) -> None:
    jsonl(tmp_path)
    url = f"{server}/rows.jsonl"
    assert len(read(url, sha256=hashlib.sha256(JSONL).hexdigest())) == 3
    assert "not pinned" in complaint(url).message
    assert "not the given" in complaint(url, sha256="0" * 64).message
    missing = complaint(f"{server}/none.jsonl", sha256="0" * 64)
    assert isinstance(missing, PrerequisiteError)
    assert "not found" in missing.message


def test_the_origin_names_no_path_of_this_machine(tmp_path: Path, server: str) -> None:
    pinned = hashlib.sha256(JSONL).hexdigest()
    with open_source(str(jsonl(tmp_path)), Reading()) as source:
        assert source.origin == {"file": "rows.jsonl", "sha256": pinned}
        assert source.rows == 3
    with open_source(f"{server}/rows.jsonl", Reading(sha256=pinned)) as source:
        assert source.origin["url"] == f"{server}/rows.jsonl"


def test_a_data_set_needs_a_revision() -> None:
    error = complaint("some-org/some-data")
    assert isinstance(error, UsageError)
    assert "some-org/some-data@COMMIT" in str(error)


def test_a_data_set_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    error = complaint(f"some-org/no-such-data@{'a' * 40}")
    assert isinstance(error, PrerequisiteError)
    assert "some-org/no-such-data" in error.message


def test_a_data_set_is_streamed_at_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is stood in for by a folder; the library's own reader streams it."""
    import datasets

    (tmp_path / "data").mkdir()
    jsonl(tmp_path / "data")
    real, asked = datasets.load_dataset, {}

    def load(name: str, config: str | None, **options: object) -> object:
        asked.update(options, name=name)
        return real(str(tmp_path / "data"), config, split=options["split"], streaming=True)

    monkeypatch.setattr(datasets, "load_dataset", load)
    commit = "b" * 40
    with open_source(f"org/name@{commit}", Reading()) as source:
        assert [record.value["prompt"] for record in source.records] == ["One?", "Zwei?", "Three?"]
        assert source.origin == {"dataset": "org/name", "revision": commit, "split": "train"}
    assert asked == {"name": "org/name", "split": "train", "revision": commit, "streaming": True}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc", "IncompleteRead"),
        (b"NOT HTTP\r\n\r\n", "NOT HTTP"),
        (b"", "closed connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nabc", ""),
    ],
)
def test_a_reply_that_is_none(reply: bytes, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(reply)

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/rows.jsonl"
        error = complaint(url, sha256="0" * 64)
    assert error.message.startswith(url) and message in error.message


@pytest.mark.parametrize("url", ["https://127.0.0.1:9/a b.jsonl", f"https://[x/{'0' * 40}/a.jsonl"])
def test_an_address_that_is_none(url: str) -> None:
    error = complaint(url, sha256="0" * 64)
    assert isinstance(error, UsageError)
    assert "this is not an address" in error.message
