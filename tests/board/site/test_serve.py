"""``--serve``: to this machine only, files only, and new results show up by themselves."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.board.reading import read_all
from harness.board.site import serve
from harness.board.site.build import build_site
from harness.board.site.paths import run_page
from harness.errors import PrerequisiteError
from harness.runs.record import write_record
from tests.board.records import record, spec
from tests.board.site.browser import until


class Served:
    """A running server over a results folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.results, self.out = folder / "results", folder / "out"
        self.add("first")
        self.said: list[str] = []
        self.build()
        self.server = serve.Server(self.results, self.out, 0, self.build, self.said.append)
        self.port = urlsplit(self.server.url).port

    def add(self, task: str) -> None:
        """A run finishes."""
        entry = record(plan=spec(task=task))
        write_record(self.results / entry.run_id, entry)

    def build(self) -> None:
        build_site(read_all(self.results).records, self.results, self.out, live=True)

    def get(self, path: str, host: str | None = None) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        reply = connection.getresponse()
        return reply.status, reply.read(), dict(reply.getheaders())


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(serve, "SECONDS", 0.1)
    made = Served(tmp_path)
    thread = threading.Thread(target=made.server.run, daemon=True)
    thread.start()
    yield made
    made.server.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_pages_come_fresh_and_for_what_they_are(served: Served) -> None:
    status, body, headers = served.get("/")
    assert status == 200 and b"Emergent misalignment leaderboard" in body
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"assets/live.js" in body and b"connect-src &#x27;self" not in body
    assert b"connect-src 'self'" in body
    assert json.loads(served.get("/version.json")[1])["version"]


@pytest.mark.parametrize("path", ["/runs/", "/../results/", "/%2e%2e/results/", "/nothing.html"])
def test_nothing_else_is_served(path: str, served: Served) -> None:
    assert served.get(path)[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_other_names_for_this_machine_are_refused(host: str, served: Served) -> None:
    status, body, _ = served.get("/", host)
    assert status == 421 and b"leaderboard" not in body


def test_only_this_machine_is_listened_to(served: Served) -> None:
    assert served.server.url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_told(served: Served) -> None:
    with pytest.raises(PrerequisiteError, match="cannot be used"):
        serve.Server(served.results, served.out, served.port or 0, served.build, print)


def test_the_table_shows_a_run_as_it_finishes(served: Served, tab: Any) -> None:
    page = tab().open(served.server.url)
    until(page, "document.querySelectorAll('.tabulator-row').length === 1")
    page.wait_for_timeout(300)
    served.add("second")
    until(page, "document.querySelectorAll('.tabulator-row').length === 2")
    assert any("built again: 2 runs" in line for line in served.said)


def test_a_page_being_read_asks_before_it_loads_again(served: Served, tab: Any) -> None:
    page = tab().open(served.server.url + run_page(record(plan=spec(task="first")).run_id))
    page.wait_for_timeout(300)
    served.add("second")
    page.wait_for_selector(".toast")
    assert "There are new results." in page.locator(".toast").inner_text()
    page.click("text=Reload")
    page.wait_for_selector("h1")
    assert page.locator(".toast").count() == 0
