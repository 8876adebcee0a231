"""One browser and one site for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.board.site.build import build_site
from tests.board.site.browser import Tab, launched
from tests.board.site.records import save_all


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with six runs, one of them with its answers."""
    folder = tmp_path_factory.mktemp("results")
    save_all(folder)
    return folder


@pytest.fixture(scope="session")
def site(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of that folder."""
    from harness.board.reading import read_all

    folder = tmp_path_factory.mktemp("site")
    build_site(read_all(results).records, results, folder, problems=["old/run.json is broken"])
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. It holds an event loop, so it must be gone before other files' tests run."""
    with launched() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Makes pages; each is checked for errors when the test is over."""
    opened: list[Tab] = []

    def make(**options: Any) -> Tab:
        opened.append(Tab(chromium, **options))
        return opened[-1]

    yield make
    for entry in opened:
        entry.check()
        entry.context.close()
